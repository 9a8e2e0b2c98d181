/** Bytes that can be read in parts, whether they are here or have to come. */
import { allocate } from "./refusal";
import type { AbortSignalLike } from "./signal";

/** Bytes that can be read in parts. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those from `start` to before `end`, which lie within. They may be a view of the source's own memory. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Lets go of a file. */
  close(): Promise<void>;
}

/** Who reads, for whom, and how far it is. */
export interface Watch {
  readonly op: string;
  readonly signal: AbortSignalLike | undefined;
  /** More bytes have come, of `total`. Throws where the reading is to end. */
  add(bytes: number, total: number | undefined): void;
}

/** Bytes that are here already. Those that threads share are copied, as nobody else may change what was checked. */
export function inMemory(bytes: Uint8Array, watch?: Watch): ByteSource {
  const isShared = tagOf(bytes.buffer) === "SharedArrayBuffer";
  return {
    size: bytes.byteLength,
    async read(start, end) {
      const part = isShared ? bytes.slice(start, end) : bytes.subarray(start, end);
      watch?.add(end - start, bytes.byteLength);
      return part;
    },
    close: async () => {},
  };
}

/** Fills `target` with the bytes from `at` on. */
export type Fill = (target: Uint8Array, at: number) => Promise<void>;

/** Bytes that are somewhere else. */
export function inParts(watch: Watch, size: number, fill: Fill, close: () => Promise<void> = async () => {}): ByteSource {
  return {
    size,
    async read(start, end) {
      const bytes = allocate(watch.op, end - start);
      for (let at = start; at < end; at += PART) {
        const target = bytes.subarray(at - start, at - start + PART);
        await fill(target, at);
        watch.add(target.length, size);
      }
      return bytes;
    },
    close,
  };
}

/** What an object says it is, such as "SharedArrayBuffer": the same in every realm. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

// --- internal helpers ---

/** What is not in memory is read in parts of so many bytes, between which a signal is seen. */
const PART = 2 ** 24;
