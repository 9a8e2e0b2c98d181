/** Sizes along dimensions, for `toString()`: one number where all are the same, as PyTorch shows what was given as one. */
export function sizesRepr(options: Readonly<Record<string, readonly unknown[]>>): string {
  const text = (values: readonly unknown[]) =>
    values.every((value) => value === values[0]) ? String(values[0]) : `[${values.map(String).join(", ")}]`;
  return Object.entries(options)
    .map(([name, values]) => `${name}=${text(values)}`)
    .join(", ");
}
