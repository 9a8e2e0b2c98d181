/**
 * Philox4x32-10: four random 32-bit words from a 64-bit key and a 128-bit counter, with no state in between.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and its Random123 library,
 * whose known answers are in `goldens/philox.json`.
 */

/**
 * Computes one block into `out[0..3]`. All arguments are 32-bit words, lowest first: the key `(keyLo, keyHi)` is the seed and the counter
 * `(c0, c1, c2, c3)` the call and the block; signed or unsigned makes no difference.
 *
 * Ten rounds of `(c0, c1, c2, c3) -> (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0))`. The high half of a product comes
 * from four products of 16-bit halves, as in long multiplication; every intermediate fits 32 unsigned bits, so integer arithmetic
 * (`Math.imul`, `| 0`) loses nothing and the engine never leaves it.
 */
export function philox4x32(keyLo: number, keyHi: number, c0: number, c1: number, c2: number, c3: number, out: Uint32Array): void {
  // Inside the function, not beside it: engines fold these into the code, but read a module's variables anew each time (half the speed).
  // The multipliers, from the paper, whole and as 16-bit halves.
  const M0 = 0xd2511f53 | 0;
  const M0_LOW = 0x1f53;
  const M0_HIGH = 0xd251;
  const M1 = 0xcd9e8d57 | 0;
  const M1_LOW = 0x8d57;
  const M1_HIGH = 0xcd9e;
  // Added to the key after each round: the golden ratio and sqrt(3) - 1, as fractions of 2^32.
  const W0 = 0x9e3779b9 | 0;
  const W1 = 0xbb67ae85 | 0;

  let k0 = keyLo | 0;
  let k1 = keyHi | 0;
  let x0 = c0 | 0;
  let x1 = c1 | 0;
  let x2 = c2 | 0;
  let x3 = c3 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(x0, M0_LOW, M0_HIGH);
    const high1 = highProduct(x2, M1_LOW, M1_HIGH);
    const low0 = Math.imul(M0, x0);
    const low1 = Math.imul(M1, x2);
    x0 = high1 ^ x1 ^ k0;
    x1 = low1;
    x2 = high0 ^ x3 ^ k1;
    x3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

// --- internal helpers ---

/** The upper 32 bits of the product of two words, the second in halves of 16 bits. */
function highProduct(x: number, low: number, high: number): number {
  const xLow = x & 0xffff;
  const xHigh = x >>> 16;
  const middle = (Math.imul(xHigh, low) + (Math.imul(xLow, low) >>> 16)) | 0;
  const cross = (Math.imul(xLow, high) + (middle & 0xffff)) | 0;
  return (Math.imul(xHigh, high) + (middle >>> 16) + (cross >>> 16)) | 0;
}
