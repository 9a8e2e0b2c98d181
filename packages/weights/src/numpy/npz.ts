import { crc32 } from "../crc32";
import type { TensorLike } from "../item";
import { WeightFileError, wrongType, wrongValue } from "../refusal";
import { isPlainObject, type ReadOptions, readOptionsOf } from "../signal";
import { openSource, type Source } from "../source";
import type { Weight, Weights } from "../weight";
import { inWindows } from "../windows";
import { packedBytes, told, type ZipEntry, zipEntries } from "../zip";
import { zipOf } from "../zip-write";
import { inflated } from "./inflate";
import { npyOf, parseNpy } from "./npy";

/** Options of `readNpz`. */
export interface ReadNpzOptions extends ReadOptions {
  /** The most bytes that all arrays may unpack to. Default: 2 GiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads the arrays that [numpy.savez](https://numpy.org/doc/stable/reference/generated/numpy.savez.html) or `numpy.savez_compressed` wrote, as `readNpy` reads each.
 *
 * @param source The file.
 * @param options `maxBytes`: the most that is unpacked. `onProgress`: told as bytes come. `signal`: ends the reading.
 * @returns Arrays by name. The object has no prototype: no name of a file means anything else.
 * @throws WeightFileError for a file that is torn, has other entries than arrays, or unpacks to more than it says.
 * @example
 * ```ts
 * const file = await writeNpz({ x: { shape: [2], dtype: "float64", data: new Float64Array([1, 2]) } }); // numpy.load("x.npz")["x"]
 * console.log(Object.keys(await readNpz(file)).join()); // x
 * ```
 */
export async function readNpz(source: Source, options?: ReadNpzOptions): Promise<Weights> {
  const op = "readNpz";
  const { maxBytes = 2 ** 31, ...rest } = readOptionsOf(op, options, "maxBytes");
  if (typeof maxBytes !== "number") throw wrongType(op, "maxBytes as a number", maxBytes);
  if (!(maxBytes >= 0)) throw wrongValue(op, "maxBytes of at least 0", maxBytes);
  const opened = await openSource(op, source, rest);
  try {
    const entries = await zipEntries(op, opened);
    const all = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
    if (all > maxBytes)
      throw new WeightFileError(op, `arrays of at most ${maxBytes} bytes`, `${all}`, "raise maxBytes if you trust the file");
    const weights: Weights = Object.create(null);
    const from = inWindows(opened);
    for (const entry of entries.values()) {
      if (!entry.name.endsWith(".npy"))
        throw new WeightFileError(op, "arrays", `an entry ${told(entry.name)}`, "only what numpy.savez writes is read");
      weights[entry.name.slice(0, -4)] = parseNpy(op, unpacked(op, entry, await bytesOf(op, entry, await packedBytes(op, from, entry))));
    }
    return weights;
  } finally {
    await opened.close();
  }
}

/**
 * Writes arrays that [numpy.load](https://numpy.org/doc/stable/reference/generated/numpy.load.html) takes, as `numpy.savez` does: nothing is compressed.
 *
 * @param weights Tensors by name, as `writeNpy` takes each.
 * @returns The file.
 * @throws As `writeNpy`.
 * @example
 * ```ts
 * const file = await writeNpz(new nn.Linear(2, 3).stateDict()); // numpy.load("model.npz")
 * console.log(Object.keys(await readNpz(file)).join()); // weight,bias
 * ```
 */
export async function writeNpz(weights: Readonly<Record<string, Weight | TensorLike>>): Promise<Uint8Array<ArrayBuffer>> {
  const op = "writeNpz";
  if (!isPlainObject(weights)) throw wrongType(op, "an object of tensors", weights, "pass model.stateDict()");
  const entries: [string, Uint8Array][] = [];
  for (const [name, weight] of Object.entries(weights))
    entries.push([`${name}.npy`, await npyOf(op, JSON.stringify(name.slice(0, 100)), weight)]);
  return zipOf(op, entries);
}

// --- internal helpers ---

async function bytesOf(op: string, { name, method, packed, size }: ZipEntry, bytes: Uint8Array): Promise<Uint8Array> {
  if (method === 8) return inflated(op, bytes, size);
  if (method === 0 && packed === size) return bytes;
  throw new WeightFileError(op, "entries that are stored or deflated", `${told(name)} by method ${method}`);
}

/** An entry's bytes, when they sum up to what the archive says. */
function unpacked(op: string, { name, crc }: ZipEntry, bytes: Uint8Array): Uint8Array {
  if (crc32(bytes) === crc) return bytes;
  throw new WeightFileError(op, `the bytes of ${told(name)} as they were written`, "others", "the file is torn");
}
