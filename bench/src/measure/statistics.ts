/** What is said of a list of times. All in the unit of the list. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  /** The quartiles: half of the values lie between them. */
  readonly low: number;
  readonly high: number;
  /** `(high - low) / median`: the width of the middle half, so that one disturbed round does not count. */
  readonly spread: number;
}

/** A spread above this is marked: differences of that size mean nothing then. */
export const WIDE_SPREAD = 0.2;

/**
 * The value below which a share `q` of the values lies, interpolated between neighbours (as R's type 7 and NumPy do by default).
 *
 * @throws RangeError for no values, or `q` outside [0, 1].
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("quantile: expected at least one value, got none");
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: expected q in [0, 1], got ${q}`);
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = sorted[below] as number;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return lower + (position - below) * (upper - lower);
}

/** Summarises positive times. Throws RangeError for no values. */
export function summarise(values: readonly number[]): Summary {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q)) as [number, number, number];
  return { min: Math.min(...values), median, low, high, spread: median > 0 ? (high - low) / median : 0 };
}
