/** How one backend's mask and output compare with the reference's. */
export interface Verdict {
  /** The first index at which masks differ; null where they are identical. */
  readonly mask: number | null;
  /** The first index at which the bits of outputs differ; null where they are identical. */
  readonly output: number | null;
  /** The largest difference of two outputs. NaN counts as different from all but NaN. */
  readonly largest: number;
}

/** What is compared. */
export interface Comparable {
  readonly mask: Uint8Array;
  readonly output: Float32Array;
}

/** Compares bit for bit. A difference in length counts as one, where the shorter ends. */
export function compare(reference: Comparable, other: Comparable): Verdict {
  return {
    mask: firstDifference(reference.mask, other.mask),
    output: firstDifference(bits(reference.output), bits(other.output)),
    largest: largestDifference(reference.output, other.output),
  };
}

// --- internal helpers ---

function firstDifference(a: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array): number | null {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return null;
}

function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Object.is(x, y) || x === y) continue;
    const difference = Math.abs(x - y);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    if (difference > largest) largest = difference;
  }
  return largest;
}
