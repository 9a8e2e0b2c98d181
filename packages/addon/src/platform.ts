/** Which of the platforms' packages has a binary for this process. */
import { closeSync, openSync, readSync } from "node:fs";

/**
 * This platform in the names of the packages, such as `linux-x64-gnu`. Where it cannot be told which C library the process has, there are two names, one for
 * each, to be tried in turn: a binary does not load with the other.
 */
export function platformNames(): readonly string[] {
  const { platform, arch, execPath } = process;
  if (platform !== "linux") return [`${platform}-${arch}`];
  const library = cLibraryOf(execPath);
  return (library === undefined ? (["gnu", "musl"] as const) : [library]).map((name) => `linux-${arch}-${name}`);
}

/**
 * The C library of a program, from the name of the loader that its header asks for: `/lib64/ld-linux-x86-64.so.2` or `/lib/ld-musl-x86_64.so.1`. Nothing
 * else is asked: Node's diagnostic report knows it as well, but looks up the names of all connected peers first, and waits for every answer.
 */
export function cLibraryOf(program: string): "gnu" | "musl" | undefined {
  let file: number | undefined;
  try {
    file = openSync(program, "r");
    const loader = loaderOf(file);
    if (loader.includes("ld-musl-")) return "musl";
    return loader.includes("ld-linux") ? "gnu" : undefined;
  } catch {
    return undefined; // not there, not to be read, or no program
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

// --- internal helpers ---

/** The loader that a 64-bit little-endian ELF file names, or "". Those are all that there are binaries for. */
function loaderOf(file: number): string {
  const header = read(file, 0, 64);
  if (header.readUInt32BE(0) !== ELF_MAGIC || header[4] !== IS_64_BIT || header[5] !== IS_LITTLE_ENDIAN) return "";
  const entryBytes = header.readUInt16LE(54);
  const entries = read(file, Number(header.readBigUInt64LE(32)), entryBytes * header.readUInt16LE(56));
  for (let at = 0; at < entries.length; at += entryBytes) {
    if (entries.readUInt32LE(at) !== NAMES_THE_LOADER) continue;
    const bytes = Math.min(Number(entries.readBigUInt64LE(at + 32)), MAX_PATH);
    return read(file, Number(entries.readBigUInt64LE(at + 8)), bytes).toString("latin1");
  }
  return "";
}

const ELF_MAGIC = 0x7f454c46;
const IS_64_BIT = 2;
const IS_LITTLE_ENDIAN = 1;

/** The type of the program header that points to the loader's path. */
const NAMES_THE_LOADER = 3;

const MAX_PATH = 4096;

function read(file: number, from: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(file, buffer, 0, bytes, from));
}
