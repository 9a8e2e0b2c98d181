/** Three significant digits, in plain notation, with separators from 10,000 on. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", {
    maximumFractionDigits: Math.min(decimals, 6),
    minimumFractionDigits: Math.min(decimals, 6),
    useGrouping: value >= 10_000,
  });
}

/** 0.123 as "12%". */
export function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

/** Nanoseconds in the unit that leaves few digits. */
export function duration(nanoseconds: number): string {
  const step = Math.min(3, Math.max(0, Math.floor(Math.log10(nanoseconds) / 3)));
  return `${digits(nanoseconds / 1000 ** step)} ${["ns", "us", "ms", "s"][step]}`;
}
