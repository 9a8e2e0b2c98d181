/**
 * Threefry2x32 of twenty rounds: two random words from a key and a counter of two words each, with additions, rotations and exclusive ors alone.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); JAX's generator.
 */

/** Computes one block into `out[0..1]`; key and counter as JAX writes them, the high word first. */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number, out: Uint32Array): void {
  const k0 = key0 | 0;
  const k1 = key1 | 0;
  const k2 = k0 ^ k1 ^ 0x1bd11bda; // a constant of the authors', so that no key gives a sum of 0
  let x = (counter0 + k0) | 0;
  let y = (counter1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    // Four rounds, by one row of rotations and the other in turn; then the next two of the three keys come in.
    const isEven = group % 2 === 0;
    x = (x + y) | 0;
    y = rotated(y, isEven ? 13 : 17) ^ x;
    x = (x + y) | 0;
    y = rotated(y, isEven ? 15 : 29) ^ x;
    x = (x + y) | 0;
    y = rotated(y, isEven ? 26 : 16) ^ x;
    x = (x + y) | 0;
    y = rotated(y, isEven ? 6 : 24) ^ x;
    const next = group % 3;
    x = (x + (next === 0 ? k1 : next === 1 ? k2 : k0)) | 0;
    y = (y + (next === 0 ? k2 : next === 1 ? k0 : k1) + group + 1) | 0;
  }
  out[0] = x;
  out[1] = y;
}

// --- internal helpers ---

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
