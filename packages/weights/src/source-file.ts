/** Files, where there is a file system: nothing is imported, so that bundles for browsers stay clean. */
import type { FileHandle } from "node:fs/promises";
import { allocate, WeightFileError, wrongType } from "./refusal";
import type { ByteSource, Watch } from "./source";

/** Opens a file by its path or its `file:` URL. */
export async function openFile(watch: Watch, path: string): Promise<ByteSource> {
  const { op } = watch;
  const fs = fileSystem();
  if (fs === undefined)
    throw wrongType(op, "a URL, a Blob, a Response or bytes, as there are no files here", path, "pass new URL(path, location.href)");
  const { file, size } = await opened(op, fs, path);
  return {
    size,
    async read(start, end) {
      const bytes = allocate(op, end - start);
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(PART, bytes.length - at);
        const { bytesRead } = await file.read(bytes, at, length, start + at);
        if (bytesRead === 0) throw new WeightFileError(op, `${size} bytes as when it was opened`, `the file's end at ${start + at}`);
        at += bytesRead;
        watch.add(bytesRead, size);
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

// --- internal helpers ---

/** A file is read in parts of so many bytes, between which a signal is seen. */
const PART = 2 ** 24;

type FileSystem = typeof import("node:fs");

function fileSystem(): FileSystem | undefined {
  return (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.("node:fs");
}

/** What is no file, such as a pipe, is not even opened: that could wait for ever. */
async function opened(op: string, fs: FileSystem, text: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined;
  try {
    const path = /^file:/i.test(text) ? new URL(text) : text;
    if (!(await fs.promises.stat(path)).isFile()) throw new WeightFileError(op, "a file", `what is none`);
    file = await fs.promises.open(path, "r");
    return { file, size: (await file.stat()).size };
  } catch (error) {
    await file?.close();
    if (error instanceof WeightFileError) throw error;
    throw new WeightFileError(op, "a file that can be read", (error as Error).message, undefined, { cause: error });
  }
}
