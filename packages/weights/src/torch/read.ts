import type { ByteSource } from "../byte-source";
import { WeightFileError, wrongType, wrongValue } from "../refusal";
import { type ReadOptions, readOptionsOf } from "../signal";
import { openSource, type Source } from "../source";
import type { Weight } from "../weight";
import { inWindows } from "../windows";
import { packedBytes, told, type ZipEntry, zipEntries } from "../zip";
import { finish, type TorchValue } from "./finish";
import { isLegacy, readLegacy } from "./legacy";
import { resolveTensors } from "./tensors";
import { unpickle } from "./unpickle";

/** Options of `readTorch`. */
export interface ReadTorchOptions extends ReadOptions {
  /**
   * The most bytes that copies of tensors may take: those that are transposed or expanded, or share elements with gaps. Others are views of what was read. Default:
   * eight times the file's size and 1 MiB.
   */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads what `torch.save` wrote: a state dict, or a checkpoint of dicts, lists, numbers, strings and tensors. It is read like
 * [torch.load(weights_only=True)](https://docs.pytorch.org/docs/stable/generated/torch.load.html), on the CPU: no code in the file is run, and what a file names besides tensors and
 * Python's plain values is refused by its name. Zip files (PyTorch 1.6 and later) and the form before are taken.
 *
 * Tensors come as `{ shape, dtype, data }` in row-major order, of any strides and offset in the file. Those that share memory in the file share it here. Floats below
 * float32 are widened to it. Checksums are not looked at, as in PyTorch.
 *
 * @typeParam T What you know the file to hold; nothing checks it. Default: tensors by name.
 * @param source A file's bytes, or where they are.
 * @param options `maxBytes`: the most that copies take. `onProgress`: told as bytes come. `signal`: ends the reading.
 * @returns Dicts as objects without a prototype, or as Maps where a key is no string, as those of an optimizer's state are; lists and tuples as arrays, None as null, whole numbers beyond 2^53 as
 *   bigints, bytes as Uint8Arrays, dtypes and devices as strings.
 * @throws WeightFileError for a file that is torn, no file of PyTorch's, made to do harm, or that names what is refused: whole modules, sparse, quantized and complex tensors.
 * @example
 * ```ts
 * const file = await writeTorch({ weight: { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } });
 * const state = await readTorch(file);
 * console.log(state.weight?.shape); // [ 2 ]
 * ```
 */
export async function readTorch<T extends TorchValue = Record<string, Weight>>(source: Source, options?: ReadTorchOptions): Promise<T> {
  const { maxBytes, ...rest } = readOptionsOf(OP, options, "maxBytes");
  if (maxBytes !== undefined && typeof maxBytes !== "number") throw wrongType(OP, "maxBytes as a number", maxBytes);
  if (maxBytes !== undefined && !(maxBytes >= 0)) throw wrongValue(OP, "maxBytes of at least 0", maxBytes);
  const bytes = await openSource(OP, source, rest);
  try {
    const limit = maxBytes ?? 8 * bytes.size + 2 ** 20;
    return (await ((await isLegacy(bytes)) ? readLegacy(OP, bytes, limit) : readZip(bytes, limit))) as T;
  } finally {
    await bytes.close();
  }
}

// --- internal helpers ---

const OP = "readTorch";

async function readZip(source: ByteSource, maxBytes: number): Promise<TorchValue> {
  const entries = await zipEntries(OP, source);
  const folder = [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name))?.slice(0, -"data.pkl".length);
  if (folder === undefined)
    throw new WeightFileError(OP, "an archive with data.pkl in a folder", "another archive", "give the file that torch.save wrote");
  if (entries.has(`${folder}constants.pkl`))
    throw new WeightFileError(OP, "a file of torch.save", "a program of torch.jit.save", "save its state_dict() with torch.save");
  const from = inWindows(source);
  const entryOf = (name: string): ZipEntry => {
    const entry = entries.get(folder + name);
    if (entry === undefined) throw new WeightFileError(OP, `the entry ${told(name)}`, "none", "the file is torn");
    if (entry.method !== 0 || entry.size !== entry.packed)
      throw new WeightFileError(
        OP,
        "stored entries",
        `${told(name)} compressed`,
        "torch.save compresses nothing: pack the archive anew, stored",
      );
    return entry;
  };
  const read = (name: string) => packedBytes(OP, from, entryOf(name));
  const pickle = await read("data.pkl");
  if (entries.has(`${folder}byteorder`) && new TextDecoder().decode(await read("byteorder")).trim() !== "little")
    throw new WeightFileError(OP, "a file of a little-endian machine", "another byte order", "save it again on such a machine");
  const said = unpickle(OP, pickle);
  if (said === undefined) throw new WeightFileError(OP, "a whole pickle", "one that ends early", "the file is torn");
  await resolveTensors(OP, said.tensors, maxBytes, {
    at: (storage) => entryOf(`data/${storage.key}`).start,
    async read(storage, size) {
      const bytes = await read(`data/${storage.key}`);
      if (bytes.length !== size) throw new WeightFileError(OP, `a storage of ${size} bytes`, `one of ${bytes.length}`, "the file is torn");
      return bytes;
    },
  });
  return finish(OP, said.value, 16 * pickle.length);
}
