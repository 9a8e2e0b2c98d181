import { philox4x32 } from "./philox";

const HIGH_WORD = 2 ** 32;

/** The place of one call in the random stream: the Philox key and the upper half of the counter, as 32-bit words. */
export interface CallKey {
  readonly seedLo: number;
  readonly seedHi: number;
  readonly callLo: number;
  readonly callHi: number;
}

/** A call of a seed, both below 2^64. */
export function callKey(seed: bigint, call: bigint): CallKey {
  return { seedLo: low(seed), seedHi: high(seed), callLo: low(call), callHi: high(call) };
}

/**
 * Reads the 32-bit words of one call in order: word `e` is word `e & 3` of block `e >> 2`.
 *
 * The element may exceed 2^32, so the block number is a division, never a 32-bit shift.
 */
export class WordReader {
  readonly #key: CallKey;
  readonly #words = new Uint32Array(4);
  #element: number;

  constructor(key: CallKey, element = 0) {
    this.#key = key;
    this.#element = element;
    if (element % 4 !== 0) this.#load();
  }

  /** The next word, as an unsigned number. */
  next(): number {
    const lane = this.#element % 4;
    if (lane === 0) this.#load();
    this.#element++;
    return this.#words[lane] as number;
  }

  #load(): void {
    const block = Math.floor(this.#element / 4);
    const { seedLo, seedHi, callLo, callHi } = this.#key;
    philox4x32(seedLo, seedHi, callLo, callHi, block >>> 0, Math.floor(block / HIGH_WORD), this.#words);
  }
}

// --- internal helpers ---

const low = (value: bigint): number => Number(value & 0xffffffffn);
const high = (value: bigint): number => Number(value >> 32n);
