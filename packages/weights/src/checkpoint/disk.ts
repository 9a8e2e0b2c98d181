/** A file on disk that is whole at every moment: the new one is written beside it, flushed, and takes its name. */
import { wrongType } from "../refusal";

/** Replaces a file, keeping up to `keep` in all: `path`, `path.1` (the one before), and so on. */
export function replaceFile(op: string, target: string | URL, bytes: Uint8Array, keep: number): void {
  const { fs, url, process } = node();
  if (fs === undefined || url === undefined) throw wrongType(op, "what has write(bytes), as there are no files here", String(target));
  const path = target instanceof URL || /^file:/i.test(target) ? url.fileURLToPath(target) : target;
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;
  try {
    const file = fs.openSync(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at, Math.min(PART, bytes.length - at));
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    rotate(fs, path, keep);
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(fs, path);
  removeAbandoned(fs, path, process);
}

// --- internal helpers ---

const PART = 2 ** 26;

type FileSystem = typeof import("node:fs");

function node() {
  const { process } = globalThis as { process?: NodeJS.Process };
  const module = <T>(name: string) => process?.getBuiltinModule?.(name) as T | undefined;
  return { process: process as NodeJS.Process, fs: module<FileSystem>("node:fs"), url: module<typeof import("node:url")>("node:url") };
}

/** Gives the files before this one their next numbers. `path` itself stays where it is until the new file takes its name, so that one is always there. */
function rotate(fs: FileSystem, path: string, keep: number): void {
  for (let i = keep - 1; i >= 1; i--) {
    const from = i === 1 ? path : `${path}.${i - 1}`;
    if (!fs.existsSync(from)) continue;
    if (i > 1) {
      fs.renameSync(from, `${path}.${i}`);
      continue;
    }
    fs.rmSync(`${path}.1`, { force: true });
    try {
      fs.linkSync(path, `${path}.1`);
    } catch {
      fs.copyFileSync(path, `${path}.1`); // a file system without links
    }
  }
}

/** A name is kept when its folder is; where folders cannot be flushed (Windows), the system does it. */
function flushFolder(fs: FileSystem, path: string): void {
  const folder = path.replace(/[^/\\]*$/, "") || ".";
  try {
    const handle = fs.openSync(folder, "r");
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch {}
}

/** Files that killed processes were writing. */
function removeAbandoned(fs: FileSystem, path: string, process: NodeJS.Process): void {
  const folder = path.replace(/[^/\\]*$/, "") || ".";
  const own = path.slice(folder === "." ? 0 : folder.length);
  for (const name of fs.readdirSync(folder)) {
    const [, pid] = /^\.(\d+)-[a-z0-9]+\.tmp$/.exec(name.startsWith(own) ? name.slice(own.length) : "") ?? [];
    if (pid === undefined || isRunning(process, Number(pid))) continue;
    fs.rmSync(`${folder === "." ? "" : folder}${name}`, { force: true });
  }
}

function isRunning(process: NodeJS.Process, pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
