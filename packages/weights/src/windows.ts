/** Reads in larger parts than are asked for, so that a thousand small tensors are no thousand requests. */
import type { ByteSource } from "./byte-source";

/** The source, for reads from its beginning towards its end. */
export function inWindows(source: ByteSource): ByteSource {
  let from = 0;
  let window = new Uint8Array(0);
  return {
    ...source,
    async read(start, end) {
      if (start < from || end > from + window.length) {
        window = (await source.read(start, Math.max(end, Math.min(source.size, start + WINDOW)))) as typeof window;
        from = start;
      }
      return window.subarray(start - from, end - from);
    },
  };
}

// --- internal helpers ---

const WINDOW = 2 ** 23;
