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
      // What is large is read by itself: its elements then lie where arrays of them may.
      if (end - start >= WINDOW / 2) return source.read(start, end);
      from = start - (start % ALIGNED);
      window = (await source.read(from, Math.max(end, Math.min(source.size, from + WINDOW)))) as typeof window;
      return window.subarray(start - from, end - from);
    },
  };
}

// --- internal helpers ---

const WINDOW = 2 ** 23;

/** Elements lie in a window as they do in the file, where storages begin at multiples of this. */
const ALIGNED = 64;
