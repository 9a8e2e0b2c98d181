import { numbers, u16, u32 } from "../bytes";
import type { TensorLike } from "../item";
import { type Item, itemOf } from "../item";
import { WeightFileError, wrongType, wrongValue } from "../refusal";
import { type ReadOptions, readOptionsOf } from "../signal";
import { openSource, type Source } from "../source";
import { gather, isRowMajor, stridesOf } from "../strided";
import { BYTES, elementsOf, type Weight } from "../weight";
import { NAMES, parseHeader } from "./header";

/**
 * Reads an array that [numpy.save](https://numpy.org/doc/stable/reference/generated/numpy.save.html) wrote: bools, ints, uints and floats of 16 to 64 bits, in either order of bytes
 * and of axes. Float16 is widened to float32.
 *
 * @param source The file.
 * @param options `onProgress`: told as bytes come. `signal`: ends the reading.
 * @returns `{ shape, dtype, data }` in row-major order: a view of the bytes where their place allows it.
 * @throws WeightFileError for a file that is torn or no such array, and for arrays of objects, text, dates, fields and complex numbers.
 * @example
 * ```ts
 * const file = await writeNpy({ shape: [3], dtype: "int32", data: new Int32Array([1, 2, 3]) }); // numpy.load("x.npy")
 * console.log((await readNpy(file)).data.join()); // 1,2,3
 * ```
 */
export async function readNpy(source: Source, options?: ReadOptions): Promise<Weight> {
  const op = "readNpy";
  const opened = await openSource(op, source, readOptionsOf(op, options));
  try {
    return parseNpy(op, await opened.read(0, opened.size));
  } finally {
    await opened.close();
  }
}

/**
 * Writes an array that [numpy.load](https://numpy.org/doc/stable/reference/generated/numpy.load.html) takes.
 *
 * @param weight `{ shape, dtype, data }`, or what gives its elements by `data()`, as tensors of `@dropwise/core` do.
 * @returns The file.
 * @throws TypeError for what is no tensor, or has other data than its dtype; RangeError for lengths other than the shape's, values that float16 does not hold, and dtypes that NumPy
 *   does not have: bfloat16 and float8, whose `data` may be written as float32.
 * @example
 * ```ts
 * const file = await writeNpy(tensor([1, 2])); // numpy.load("x.npy")
 * console.log(file.length); // 136
 * ```
 */
export async function writeNpy(weight: Weight | TensorLike): Promise<Uint8Array<ArrayBuffer>> {
  return npyOf("writeNpy", "the tensor", weight);
}

/** Reads an array from its bytes. */
export function parseNpy(op: string, bytes: Uint8Array): Weight {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw new WeightFileError(op, "an array of NumPy", "other bytes");
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw new WeightFileError(op, "version 1 to 3 of the form", `${version}`);
  const text = version === 1 ? 10 : 12;
  const start = text + (version === 1 ? u16(bytes, 8) : u32(bytes, 8));
  if (start > bytes.length || start - text > LONGEST)
    throw new WeightFileError(op, "a header within the file", "a longer one", "the file is torn");
  const header = parseHeader(op, new TextDecoder().decode(bytes.subarray(text, start)));
  const { dtype, shape, count, isBigEndian, isFortran } = header;
  const size = BYTES[dtype];
  if (bytes.length - start !== count * size)
    throw new WeightFileError(op, `${count} elements of ${size} bytes`, `${bytes.length - start} bytes`, "the file is torn");
  let own = bytes.subarray(start);
  if (isBigEndian) own = swapped(own, size);
  if (dtype === "bool" && own.some((byte) => byte > 1))
    throw new WeightFileError(op, "bools of 0 and 1", "another byte", "the file is torn");
  const elements = elementsOf(own, dtype);
  const strides = stridesOf(shape, isFortran);
  const isPlain = count === 0 || isRowMajor(shape, strides);
  return { shape, dtype, data: isPlain ? elements : gather(elements, count, shape, strides, 0) };
}

/** The file of an array; `what` names it in messages. */
export async function npyOf(op: string, what: string, weight: unknown): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof weight !== "object" || weight === null || ArrayBuffer.isView(weight))
    throw wrongType(op, `a tensor or { shape, dtype, data } as ${what}`, weight);
  const item: Item = itemOf(op, what, weight as Weight);
  const { shape, dtype } = item;
  const name = NAMES.get(dtype);
  if (name === undefined)
    throw wrongValue(op, `a dtype that NumPy has for ${what}`, dtype, 'write its data as { shape, dtype: "float32", data }');
  const bytes = item.encoded(await item.data(), false);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${BYTES[dtype] === 1 ? "|" : "<"}${name}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The elements begin at a multiple of 64.
  const length = Math.ceil((11 + text.length) / 64) * 64;
  const file = new Uint8Array(length + bytes.length).fill(0x20, 0, length);
  file.set([...MAGIC, 1, 0]);
  file.set(numbers([length - 10, 2]), 8);
  file.set(new TextEncoder().encode(text), 10);
  file[length - 1] = 10;
  file.set(bytes, length);
  return file;
}

// --- internal helpers ---

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's own are far shorter. */
const LONGEST = 10_000;

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const other = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) for (let i = 0; i < size; i++) other[at + i] = bytes[at + size - 1 - i] as number;
  return other;
}
