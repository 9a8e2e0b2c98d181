/** A safetensors file as a whole. */
import { wrongType } from "../refusal";
import { type Progress, type ReadOptions, readOptionsOf } from "../signal";
import { openSource, type Source } from "../source";
import type { Weight, WeightDType, Weights } from "../weight";
import { type Entry, readHeader } from "./header";
import { entryOf, heldAs, weightOf } from "./open";

/** Options of `readSafetensors`. */
export interface ReadSafetensorsOptions extends ReadOptions {
  /** The tensors to read, by name. Default: all. */
  readonly names?: readonly string[] | undefined;
}

/**
 * Reads a safetensors file: from a path, a URL, a `Blob`, a `Response` or bytes. As
 * [safetensors.torch.load_file](https://huggingface.co/docs/safetensors/api/torch) of Python, and as strict as the format's text: names once, no holes, no overlaps,
 * nothing left over. Elements of bytes that are here already are views of them where their place allows it, else copies. Floats below float32 are widened to it.
 *
 * @param source The file.
 * @param options `names`: the tensors to read (default: all). `onProgress`: told as bytes come. `signal`: ends the reading.
 * @returns Tensors by name, in the order of the header. The object has no prototype: no name of a file means anything else.
 * @throws WeightFileError for what is no safetensors file, and for elements that no array can hold (complex64, float6, float4); RangeError for a name that the
 *   file does not have; TypeError for what is no source.
 * @example
 * ```ts
 * const file = await writeSafetensors({ "0.bias": { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } });
 * const weights = await readSafetensors(file);
 * console.log(weights["0.bias"]); // { shape: [ 2 ], dtype: 'float32', data: Float32Array(2) [ 1, 2 ] }
 * ```
 */
export async function readSafetensors(source: Source, options?: ReadSafetensorsOptions): Promise<Weights> {
  const op = "readSafetensors";
  const { names, ...rest } = readOptionsOf(op, options, "names");
  checkNames(op, names);
  const weights: Weights = Object.create(null);
  for (const [name, weight] of await weightsOf(op, source, names, rest)) weights[name] = weight;
  return weights;
}

/** Refuses what are no names of tensors. */
export function checkNames(op: string, names: readonly string[] | undefined): void {
  if (names === undefined) return;
  if (!Array.isArray(names)) throw wrongType(op, "names as an array of strings", names);
  for (const name of names) if (typeof name !== "string") throw wrongType(op, "names as an array of strings", name);
}

/** The tensors of a file: those of `names`, in that order, or all. `absent` makes the error for a name that the file does not have. */
export async function weightsOf(
  op: string,
  source: Source,
  names: readonly string[] | undefined,
  { onProgress, signal }: ReadOptions,
  absent?: (name: string) => Error,
): Promise<[string, Weight][]> {
  let wanted: number | undefined;
  // What a download tells before its header is read counts as a whole.
  const tell = onProgress && (({ read, total }: Progress) => onProgress({ read, total: wanted ?? total }));
  const opened = await openSource(op, source, { onProgress: tell, signal });
  try {
    const { entries, end } = await readHeader(op, opened);
    const chosen = names === undefined ? [...entries.values()] : [...new Set(names)].map((name) => entryOf(op, entries, name, absent));
    const dtypes = chosen.map((entry) => heldAs(op, entry));
    if (names !== undefined) wanted = chosen.reduce((sum, entry) => sum + entry.end - entry.start, end);
    const parts = new Map<Entry, Uint8Array>();
    for (const run of runsOf(chosen)) {
      const start = (run[0] as Entry).start;
      const bytes = await opened.read(start, (run.at(-1) as Entry).end);
      for (const entry of run) parts.set(entry, bytes.subarray(entry.start - start, entry.end - start));
    }
    return chosen.map((entry, i) => [entry.name, weightOf(op, entry, dtypes[i] as WeightDType, parts.get(entry) as Uint8Array)]);
  } finally {
    await opened.close();
  }
}

// --- internal helpers ---

/** Tensors that lie side by side are read together up to so many bytes, so that a thousand small ones are no thousand requests. */
const RUN = 2 ** 25;

function runsOf(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  for (const entry of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const run = runs.at(-1);
    if (run?.at(-1)?.end === entry.start && entry.end - (run[0] as Entry).start <= RUN) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
