/** Bytes that can be read in parts, whether they are here or have to come. */
import { allocate } from "./refusal";
import type { AbortSignalLike } from "./signal";

/** Bytes that can be read in parts. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those from `start` to before `end`, which lie within. They may be a view of the source's own memory. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** The same in parts, each of a multiple of eight bytes but the last. A part may lie where the next one will: whoever wants it, copies it. */
  parts(start: number, end: number): AsyncIterable<Uint8Array>;
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
  const read = async (start: number, end: number) => {
    const part = isShared ? bytes.slice(start, end) : bytes.subarray(start, end);
    watch?.add(end - start, bytes.byteLength);
    return part;
  };
  return {
    size: bytes.byteLength,
    read,
    async *parts(start, end) {
      for (let at = start; at < end; at += PART) yield read(at, Math.min(end, at + PART));
    },
    close: async () => {},
  };
}

/** Fills `target` with the bytes from `at` on. */
export type Fill = (target: Uint8Array, at: number) => Promise<void>;

/** Bytes that are somewhere else; `most`: those of a part, where asking for one costs little. */
export function inParts(watch: Watch, size: number, fill: Fill, close: () => Promise<void> = async () => {}, most = PART): ByteSource {
  const filled = async (target: Uint8Array, at: number) => {
    await fill(target, at);
    watch.add(target.length, size);
    return target;
  };
  return {
    size,
    async read(start, end) {
      const bytes = allocate(watch.op, end - start);
      let next = start;
      const lane = async () => {
        while (next < end) {
          const at = next;
          next += PART;
          await filled(bytes.subarray(at - start, at - start + PART), at);
        }
      };
      // Two parts come at a time: half of what reading takes is to be given fresh memory. Nothing comes any more once it has failed.
      const lanes = [lane(), lane()];
      try {
        await Promise.all(lanes);
      } finally {
        next = end;
        await Promise.allSettled(lanes);
      }
      return bytes;
    },
    async *parts(start, end) {
      const bytes = allocate(watch.op, Math.min(2 * most, end - start));
      const partAt = (at: number) => {
        const place = (((at - start) / most) % 2) * most;
        const part = filled(bytes.subarray(place, place + Math.min(most, end - at)), at);
        part.catch(() => {}); // told to whoever asks for the part
        return part;
      };
      // The next part comes while this one is copied.
      let coming = start < end ? partAt(start) : undefined;
      try {
        for (let at = start; at < end; at += most) {
          const part = (await coming) as Uint8Array;
          coming = at + most < end ? partAt(at + most) : undefined;
          yield part;
        }
      } finally {
        await coming?.catch(() => {});
      }
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
