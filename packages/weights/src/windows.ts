/** Reads in larger parts than are asked for, so that a thousand small tensors are no thousand requests. */
import type { ByteSource } from "./byte-source";

/** The source, for reads from its beginning towards its end. */
export function inWindows(source: ByteSource): ByteSource {
  let from = 0;
  let window = new Uint8Array(0);
  return {
    ...source,
    async read(start, end) {
      if (start >= from && end <= from + window.length) return window.subarray(start - from, end - from);
      const aligned = start - (start % ALIGNED);
      // What is large is read by itself.
      if (end - start >= WINDOW / 2) return (await source.read(aligned, end)).subarray(start - aligned);
      from = aligned;
      window = (await source.read(from, Math.max(end, Math.min(source.size, from + WINDOW)))) as typeof window;
      return window.subarray(start - from, end - from);
    },
  };
}

// --- internal helpers ---

const WINDOW = 2 ** 23;

/** Elements lie in memory as they do in the file, where storages begin at multiples of this: arrays of them need no copy. */
const ALIGNED = 64;
