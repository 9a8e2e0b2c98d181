/** Where bytes come from, whatever it is: parts of it are read when they are asked for. */
import { wrongType } from "./refusal";
import type { ReadOptions } from "./signal";

/** Bytes that can be read in parts. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those from `start` to before `end`, which lie within. They may be a view of the source's own memory. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Lets go of a file. */
  close(): Promise<void>;
}

/** What a reader takes. */
export type Source = ArrayBuffer | ArrayBufferView;

/** Opens a source; whoever does closes it. */
export async function openSource(op: string, source: Source, _options?: ReadOptions): Promise<ByteSource> {
  if (ArrayBuffer.isView(source)) return inMemory(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (source instanceof ArrayBuffer) return inMemory(new Uint8Array(source));
  throw wrongType(op, "an ArrayBuffer or a view of one", source);
}

// --- internal helpers ---

function inMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end), close: async () => {} };
}
