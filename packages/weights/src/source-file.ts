/** Files, where there is a file system: nothing is imported, so that bundles for browsers stay clean. */
import type { FileHandle } from "node:fs/promises";
import { type ByteSource, type Fill, inParts, type Watch } from "./byte-source";
import { WeightFileError, wrongType } from "./refusal";

/** Opens a file by its path or its `file:` URL. */
export async function openFile(watch: Watch, path: string): Promise<ByteSource> {
  const { op } = watch;
  const fs = fileSystem();
  if (fs === undefined)
    throw wrongType(op, "a URL, a Blob, a Response or bytes, as there are no files here", path, "pass new URL(path, location.href)");
  const { file, size } = await opened(op, fs, path);
  const fill: Fill = async (target, at) => {
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await file.read(target, filled, target.length - filled, at + filled);
      if (bytesRead === 0) throw new WeightFileError(op, `${size} bytes as when it was opened`, `the file's end at ${at + filled}`);
      filled += bytesRead;
    }
  };
  return inParts(watch, size, fill, () => file.close(), CACHED);
}

// --- internal helpers ---

/** Bytes of a part: it stays in the processor's cache until it is where it belongs. */
const CACHED = 2 ** 20;

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
