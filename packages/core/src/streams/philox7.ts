/** Philox4x32 of seven rounds, as attention kernels draw it: the same round as `random/philox.ts` has ten of, in its plainest form. */

/** Computes the block of counter (`low`, `c2`, `c3`), `low` of 64 bits and each of the others of 32, into `out[0..3]`; the key is the seed. */
export function philox7(seed: bigint, low: bigint, c2: number, c3: number, out: Uint32Array): void {
  let k0 = wordOf(seed);
  let k1 = wordOf(seed >> 32n);
  let [x0, x1, x2, x3] = [wordOf(low), wordOf(low >> 32n), c2 >>> 0, c3 >>> 0];
  for (let round = 0; round < 7; round++) {
    const [high0, low0] = [highProduct(0xd2511f53, x0), Math.imul(0xd2511f53, x0)];
    const [high1, low1] = [highProduct(0xcd9e8d57, x2), Math.imul(0xcd9e8d57, x2)];
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

// --- internal helpers ---

function wordOf(value: bigint): number {
  return Number(value & 0xffffffffn);
}

/** The upper 32 bits of the product of two unsigned words, in doubles: the middle sum stays below 2^50. */
function highProduct(a: number, b: number): number {
  const [low, high] = [b & 0xffff, b >>> 16];
  return Math.floor((a * high + Math.floor((a * low) / 65536)) / 65536);
}
