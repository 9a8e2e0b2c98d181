/**
 * The masks of the two attention kernels whose dropout is no layout of ten-round Philox words: flash attention (one byte decides an element) and cuDNN's (16 bits
 * do). Both draw seven rounds. Measured on an H100 with PyTorch 2.11 and cuDNN 9.19; no kernel here draws them, so they come as bits from the host.
 *
 * In cuDNN's masks rows i, i + 2, i + 4 and i + 6 of every eight are equal: its rule knows of a row only `i mod 2` and `i div 8`.
 */
import { philox7 } from "./philox7";

/** A mask over weights of attention, and where it is drawn. */
export interface AttentionMask {
  /** Batches times heads. */
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Drop probability. */
  readonly p: number;
  /** In [0, 2^64). */
  readonly seed: bigint;
  /** The CUDA generator's Philox offset. */
  readonly offset: bigint;
}

/** Is told each element, as an index in row-major order, and the number that decides it; says whether it wants more. */
export type Visit = (element: number, value: number) => boolean;

/** The kept elements of flash attention, as bits: element e at bit `e & 7` of byte `e >> 3`. */
export function flashBits(mask: AttentionMask): Uint8Array {
  const largest = flashLargest(mask.p);
  return bitsBy(mask, flashValues, (value) => value <= largest);
}

/** The same of cuDNN's attention. */
export function cudnnBits(mask: AttentionMask): Uint8Array {
  const largest = (1 - mask.p) * 65536;
  return bitsBy(mask, cudnnValues, (value) => value <= largest);
}

/** How far a call of flash attention moves the generator's offset. */
export function flashTakes(mask: Pick<AttentionMask, "heads">): bigint {
  return 32n * BigInt(mask.heads);
}

/** How far a call of cuDNN's attention moves it, and of the memory-efficient one: one for each element, in fours. */
export function cudnnTakes({ heads, queries, keys }: Pick<AttentionMask, "heads" | "queries" | "keys">): bigint {
  return ((BigInt(heads) * BigInt(queries) * BigInt(keys) + 3n) / 4n) * 4n;
}

/** The largest byte that flash attention keeps. It computes in float32 up to the product: 0.8 keeps up to 50, not 51. */
export function flashLargest(p: number): number {
  return Math.floor(Math.fround(1 - Math.fround(p)) * 255);
}

/**
 * The bytes that decide in flash attention. A tile of 16 rows and 32 columns is drawn by 32 threads, each of which draws one block of 16 bytes for the
 * elements that a tensor core gives it: two neighbours in each of two rows and four groups of columns.
 */
export function flashValues({ heads, queries, keys, seed, offset }: Omit<AttentionMask, "p">, visit: Visit): void {
  const words = new Uint32Array(4);
  for (let head = 0; head < heads; head++)
    for (let top = 0; top < queries; top += 16)
      for (let left = 0; left < keys; left += 32)
        for (let lane = 0; lane < 32; lane++) {
          philox7(seed, offset + BigInt(32 * head + lane), top / 16, left / 32, words);
          for (let byte = 0; byte < 16; byte++) {
            const row = top + (lane >> 2) + 8 * ((byte >> 1) & 1);
            const column = left + 8 * (byte >> 2) + 2 * (lane & 3) + (byte & 1);
            if (row >= queries || column >= keys) continue;
            if (!visit((head * queries + row) * keys + column, ((words[byte >> 2] as number) >>> (8 * (byte & 3))) & 0xff)) return;
          }
        }
}

/** The 16-bit halves that decide in cuDNN: of a tile of 16 rows and 16 columns, a block has eight for each column mod 8, and each decides four rows. */
export function cudnnValues({ heads, queries, keys, seed, offset }: Omit<AttentionMask, "p">, visit: Visit): void {
  const words = new Uint32Array(4);
  const tiles = Math.ceil(queries / 16);
  for (let head = 0; head < heads; head++)
    for (let top = 0; top < queries; top += 16)
      for (let left = 0; left < keys; left += 16)
        for (let lane = 0; lane < 8; lane++) {
          philox7(seed, offset + BigInt(8 * head + lane), (left / 16) * tiles + top / 16, 0, words);
          for (let place = 0; place < 32; place++) {
            const [down, right] = [place & 15, place >> 4];
            const [row, column] = [top + down, left + 8 * right + lane];
            if (row >= queries || column >= keys) continue;
            const half = (down & 1) + 2 * right + 4 * (down >> 3);
            if (!visit((head * queries + row) * keys + column, ((words[half >> 1] as number) >>> (16 * (half & 1))) & 0xffff)) return;
          }
        }
}

// --- internal helpers ---

function bitsBy(mask: AttentionMask, values: typeof flashValues, isKept: (value: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil((mask.heads * mask.queries * mask.keys) / 8));
  values(mask, (element, value) => {
    // A division, as elements may pass 2^32.
    if (isKept(value)) (bits[Math.floor(element / 8)] as number) |= 1 << (element % 8);
    return true;
  });
  return bits;
}
