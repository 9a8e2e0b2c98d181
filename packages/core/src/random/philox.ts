/**
 * Philox4x32-10: four random 32-bit words from a 64-bit key and a 128-bit counter, with no state in between.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and its Random123 library,
 * whose known answers are in `goldens/philox.json`.
 */

/** The multipliers, from the paper. */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;

/** What is added to the key after each round: the golden ratio and sqrt(3) - 1, as fractions of 2^32. */
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

const M0_LOW = M0 & 0xffff;
const M0_HIGH = M0 >>> 16;
const M1_LOW = M1 & 0xffff;
const M1_HIGH = M1 >>> 16;

/**
 * Computes one block into `out[0..3]`.
 *
 * All arguments are 32-bit words; signed or unsigned makes no difference. The ten rounds of
 * `(c0, c1, c2, c3) -> (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0))` need the high half of a
 * 32 x 32 bit product, which is put together from 16-bit halves: no step leaves the 53 bits that a number holds exactly.
 */
export function philox4x32(keyLo: number, keyHi: number, c0: number, c1: number, c2: number, c3: number, out: Uint32Array): void {
  for (let round = 0; round < 10; round++) {
    const low0 = c0 & 0xffff;
    const high0 = c0 >>> 16;
    const mid0 = high0 * M0_LOW + ((low0 * M0_LOW) >>> 16);
    const mid0b = low0 * M0_HIGH + (mid0 & 0xffff);
    const hi0 = high0 * M0_HIGH + (mid0 >>> 16) + (mid0b >>> 16);

    const low1 = c2 & 0xffff;
    const high1 = c2 >>> 16;
    const mid1 = high1 * M1_LOW + ((low1 * M1_LOW) >>> 16);
    const mid1b = low1 * M1_HIGH + (mid1 & 0xffff);
    const hi1 = high1 * M1_HIGH + (mid1 >>> 16) + (mid1b >>> 16);

    const lo0 = Math.imul(M0, c0);
    const lo1 = Math.imul(M1, c2);
    c0 = hi1 ^ c1 ^ keyLo;
    c1 = lo1;
    c2 = hi0 ^ c3 ^ keyHi;
    c3 = lo0;
    keyLo = (keyLo + W0) | 0;
    keyHi = (keyHi + W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
