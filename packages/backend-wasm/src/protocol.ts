/** What the main thread and its workers agree on. */

/** The words they share, by index. What different threads write at the same time stands on different cache lines (16 words). */
export enum Word {
  /** The number of the call (upper bits) and its next unclaimed chunk (lower bits); advanced by compare-exchange only. */
  claim = 0,
  /** Chunks of the call that are computed. */
  done = 16,
  /** Not 0 while the main thread sleeps until `done` changes. */
  joining = 17,
  /** Set when a kernel failed in a worker. */
  failed = 18,
  /** Changed when a call begins; workers sleep on it. */
  wake = 32,
  /** Workers asleep, or about to be. */
  sleepers = 33,
  // The call itself, written while no chunk of it can be claimed.
  kernel = 48,
  args = 49,
  units = 50,
  chunkUnits = 51,
  chunks = 52,
  length = 64,
}

/** Bits of the claim word that count chunks. The rest number the call: a worker would have to sleep through 2^22 calls to mistake one for another. */
export const CHUNK_BITS = 10;

/** The chunks of one call at most, and the mask of those bits. */
export const MAX_CHUNKS = 2 ** CHUNK_BITS - 1;

/** What a worker is told when it starts. */
export interface Start {
  /** The kernels and, where there is relaxed SIMD, their tiles. */
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  /** The address of the shared words. */
  readonly control: number;
  /** The end of its stack, and the start of its scratch memory. */
  readonly stack: number;
  readonly scratch: number;
  readonly kernels: readonly string[];
}
