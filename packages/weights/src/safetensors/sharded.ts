/** Models in several safetensors files, and the index that tells what lies where. */
import { quoted, WeightFileError, wrongType, wrongValue } from "../refusal";
import { isPlainObject, type Progress, type ReadOptions, readOptionsOf } from "../signal";
import { isUrl, openSource, type Source, type UrlLike } from "../source";
import type { Weight, Weights } from "../weight";
import { isWellFormed, MAX_HEADER } from "./kinds";
import { checkNames, weightsOf } from "./read";

/** Options of `readSharded`. */
export interface ReadShardedOptions extends ReadOptions {
  /** The tensors to read, by name; only the files in which they lie are opened. Default: all. */
  readonly names?: readonly string[] | undefined;
  /** Gives a file by the name that the index has for it. Default: it lies beside the index, which then is a path or a URL. */
  readonly open?: ((name: string) => Source | Promise<Source>) | undefined;
}

/**
 * Reads a model that was saved in several files, by its `*.index.json`. One file is open at a time.
 *
 * @param index The index: a path, a URL, or, with `open`, any source.
 * @param options `names`: the tensors to read (default: all). `open`: gives a file by its name (default: from beside the index). `onProgress`: told as bytes
 *   come, of all files together; the total is not known before the last. `signal`: ends the reading.
 * @returns Tensors by name, in the order of the index.
 * @throws WeightFileError for what is no index, names of files that lead elsewhere, and all that `readSafetensors` refuses; RangeError for a name that the index
 *   does not have.
 * @example
 * ```ts
 * const part = await writeSafetensors({ w: { shape: [1], dtype: "float32", data: new Float32Array([3]) } });
 * const index = new TextEncoder().encode(JSON.stringify({ metadata: {}, weight_map: { w: "model-1-of-1.safetensors" } }));
 * console.log((await readSharded(index, { open: () => part })).w?.data[0]); // 3
 * ```
 */
export async function readSharded(index: Source, options?: ReadShardedOptions): Promise<Weights> {
  const op = "readSharded";
  const { names, open, onProgress, signal } = readOptionsOf(op, options, "names", "open");
  checkNames(op, names);
  if (open !== undefined && typeof open !== "function") throw wrongType(op, "open to be a function", open);
  const opened = open ?? besides(op, index);
  const map = await weightMap(op, index, signal);
  const wanted = names === undefined ? [...map.keys()] : [...new Set(names)];
  const shards = new Map<string, string[]>();
  for (const name of wanted) {
    const shard = map.get(name);
    if (shard === undefined) throw wrongValue(op, "the names of tensors of the index", name, "see its weight_map");
    const inside = shards.get(shard);
    if (inside === undefined) shards.set(shard, [name]);
    else inside.push(name);
  }
  let before = 0;
  const found = new Map<string, Weight>();
  for (const [shard, inside] of shards) {
    let here = 0;
    const tell = (read: number) => {
      here = read;
      onProgress?.({ read: before + here, total: undefined });
    };
    const absent = (name: string) => new WeightFileError(op, `the tensor ${quoted(name)} of the index in ${quoted(shard)}`, "none");
    const reading = { onProgress: ({ read }: Progress) => tell(read), signal };
    for (const [name, weight] of await weightsOf(op, await opened(shard), inside, reading, absent)) found.set(name, weight);
    before += here;
  }
  const weights: Weights = Object.create(null);
  for (const name of wanted) weights[name] = found.get(name) as Weight;
  return weights;
}

// --- internal helpers ---

/** Files that lie beside the index. */
function besides(op: string, index: Source): (name: string) => Source {
  const text = typeof index === "string" ? index : (index as Partial<UrlLike> | null)?.href;
  if (typeof text !== "string")
    throw wrongType(op, "a path or a URL of the index", index, "or give its files with { open: (name) => source }");
  if (isUrl(text)) return (name) => new URL(encodeURIComponent(name), text);
  const isWindows = (globalThis as { process?: { platform?: string } }).process?.platform === "win32";
  const folder = text.slice(0, 1 + Math.max(text.lastIndexOf("/"), isWindows ? text.lastIndexOf("\\") : -1));
  return (name) => folder + name;
}

/** Names of files by the names of tensors. */
async function weightMap(op: string, index: Source, signal: ReadOptions["signal"]): Promise<Map<string, string>> {
  const source = await openSource(op, index, { signal });
  let parsed: unknown;
  try {
    if (source.size > MAX_HEADER) throw new WeightFileError(op, `an index of at most ${MAX_HEADER} bytes`, `${source.size}`);
    parsed = parsedJson(op, await source.read(0, source.size));
  } finally {
    await source.close();
  }
  const map = isPlainObject(parsed) && Object.hasOwn(parsed, "weight_map") ? parsed.weight_map : undefined;
  if (!isPlainObject(map) || Array.isArray(map)) throw new WeightFileError(op, "an index with a weight_map", "another file");
  return new Map(Object.entries(map).map(([name, file]) => [name, checkedName(op, file)]));
}

function parsedJson(op: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new WeightFileError(op, "an index in JSON", (cause as Error).message.slice(0, 100), undefined, { cause });
  }
}

/** The name of a file in the index's own folder, and of nothing else. */
function checkedName(op: string, file: unknown): string {
  if (typeof file !== "string" || !/^[^/\\:\0]+$/.test(file) || /^\.+$/.test(file) || !isWellFormed(file)) {
    const got = typeof file === "string" ? quoted(file) : typeof file;
    throw new WeightFileError(op, "files beside the index, by their names alone", got, "such an index may be meant to do harm");
  }
  return file;
}
