/** Where checkpoints go: a file that is whole at every moment, the origin's private file system, memory, and what else has `write`. */
import { wrongType, wrongValue } from "../refusal";
import type { BlobLike } from "../source";
import { replaceFile } from "./disk";

/** What bytes are written to. */
export interface Writable {
  /**
   * Writes them all.
   *
   * @param bytes The file.
   * @returns A promise that resolves when they are kept, or nothing.
   */
  write(bytes: Uint8Array): Promise<void> | void;
}

/** What bytes are read from. */
export interface Readable {
  /** Reads them all. */
  read(): Promise<Uint8Array> | Uint8Array;
}

/** The handle of a file, such as `await (await navigator.storage.getDirectory()).getFileHandle("run", { create: true })`. */
export interface FileHandleLike {
  /** A stream over a copy, which takes the file's place when it is closed. */
  createWritable(): Promise<FileStreamLike>;
}

/** The same, to read from. */
export interface ReadableFileHandle {
  /** The file as it is now. */
  getFile(): Promise<BlobLike>;
}

/** What writes over a file of the origin's private file system. */
export interface FileStreamLike {
  /**
   * Writes at the end.
   *
   * @param bytes What to write.
   */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Has what was written take the file's place. */
  close(): Promise<void>;
  /** Drops what was written, and lets go of the file. */
  abort?(): Promise<void>;
}

/** Where a checkpoint goes. */
export type Target = string | URL | Writable | FileHandleLike;

/** Writes a whole file. */
export async function writeTo(op: string, target: Target, bytes: Uint8Array, keep: number): Promise<void> {
  if (typeof target === "string" || target instanceof URL) return replaceFile(op, target, bytes, keep);
  if (keep > 1) throw wrongValue(op, "keep to be 1 where the target is no path", keep, "give each checkpoint a name of its own");
  const { write, createWritable } = (target ?? {}) as Partial<Writable & FileHandleLike>;
  if (typeof createWritable === "function") {
    const stream = await createWritable.call(target);
    try {
      await stream.write(bytes as Uint8Array<ArrayBuffer>); // made here, so not of memory that threads share
      return await stream.close();
    } catch (error) {
      // A stream that has failed may refuse this, too; what counts is why it failed.
      await stream.abort?.().catch(() => {});
      throw error;
    }
  }
  if (typeof write !== "function") throw wrongType(op, "a path, a file: URL, the handle of a file, or what has write(bytes)", target);
  await write.call(target, bytes);
}

/**
 * Memory, for tests and for a run that is to be taken up in the same process. PyTorch's counterpart is `io.BytesIO`
 * ([torch.save](https://docs.pytorch.org/docs/stable/generated/torch.save.html)).
 *
 * @example
 * ```ts
 * const kept = inMemory();
 * kept.write(new Uint8Array([1, 2]));
 * console.log((await kept.read()).join()); // 1,2
 * ```
 */
export function inMemory(): Writable & Readable {
  let kept: Uint8Array | null = null;
  return {
    write(bytes) {
      kept = bytes.slice();
    },
    read() {
      if (kept === null) throw wrongType("inMemory", "bytes that were written", null);
      return kept;
    },
  };
}
