/** Tensors of the bytes of their storages: every number is checked before memory is taken. */
import { WeightFileError } from "../refusal";
import { countOf, gather, isRowMajor, lastPlace } from "../strided";
import { BYTES, elementsOf, isSmallFloat, type WeightData, type WeightDType } from "../weight";
import { dtypeOf } from "./globals";
import { StorageRef, type TensorRef } from "./refs";

/** A file's storages. */
export interface StorageReader {
  /** Where one begins in the file. */
  at(storage: StorageRef): number;
  /** Its bytes: there are as many as it is said to have. */
  read(storage: StorageRef, size: number): Promise<Uint8Array>;
}

/** Reads the storages that tensors lie in, each once, and gives the tensors their elements: views of these where they lie in order. Copies of others take at most `maxBytes`. */
export async function resolveTensors(op: string, tensors: readonly TensorRef[], maxBytes: number, reader: StorageReader): Promise<void> {
  let left = maxBytes;
  const spend = (dtype: WeightDType, count: number) => {
    left -= count * Math.max(4, BYTES[dtype]);
    if (left < 0)
      throw new WeightFileError(
        op,
        `copies of tensors in at most ${maxBytes} bytes`,
        "larger ones",
        "raise maxBytes if you trust the file",
      );
  };
  const widened = new Map<StorageRef, Set<WeightDType>>();
  const plans = tensors.map((tensor) => {
    const plan = planOf(op, tensor);
    const { storage, dtype, count, isPlain } = plan;
    if (!isPlain) spend(dtype, count);
    const types = widened.get(storage) ?? new Set();
    widened.set(storage, types);
    if (!types.has(dtype) && isSmallFloat(dtype)) spend(dtype, storage.count);
    types.add(dtype);
    return plan;
  });
  const bytes = new Map<StorageRef, Uint8Array>();
  // In the order of the file, which is then read from its beginning to its end.
  const needed = [...new Set(plans.map(({ storage }) => storage))].sort((a, b) => reader.at(a) - reader.at(b));
  for (const storage of needed) bytes.set(storage, await reader.read(storage, bytesOf(storage)));
  for (const { storage, dtype, shape, strides, offset, count, isPlain, tensor } of plans) {
    const elements = storage.elements.get(dtype) ?? typed(op, bytes.get(storage) as Uint8Array, dtype);
    storage.elements.set(dtype, elements);
    const data = isPlain ? elements.subarray(offset, offset + count) : gather(elements, count, shape, strides, offset);
    tensor.weight = { shape, dtype, data };
  }
}

/** The bytes of a storage in the file. */
export const bytesOf = ({ dtype, count }: StorageRef): number => count * (dtype === undefined ? 1 : BYTES[dtype]);

// --- internal helpers ---

interface Plan {
  readonly tensor: TensorRef;
  readonly storage: StorageRef;
  readonly dtype: WeightDType;
  readonly shape: number[];
  readonly strides: number[];
  readonly offset: number;
  readonly count: number;
  readonly isPlain: boolean;
}

/** What a tensor says of itself, when all of it fits together. */
function planOf(op: string, tensor: TensorRef): Plan {
  const { storage } = tensor;
  const bad = (expected: string) => new WeightFileError(op, expected, "a tensor with another", "the file is torn or made to do harm");
  if (!(storage instanceof StorageRef)) throw bad("tensors with a storage");
  const dtype = tensor.dtype === undefined ? storage.dtype : dtypeOf(op, tensor.dtype);
  if (dtype === undefined) throw bad("tensors with a dtype");
  if (storage.dtype !== undefined && storage.dtype !== dtype) throw bad("tensors of their storage's dtype");
  const shape = sizes(tensor.shape);
  const strides = sizes(tensor.strides);
  const offset = tensor.offset as number;
  const count = shape && countOf(shape);
  if (count === undefined || strides?.length !== shape?.length || !isSize(offset)) throw bad("tensors with a shape, strides and an offset");
  const places = Math.floor(bytesOf(storage) / BYTES[dtype]);
  const whole = { tensor, storage, dtype, shape: shape as number[], strides: strides as number[], offset: count === 0 ? 0 : offset, count };
  if (count > 0 && !(lastPlace(whole.shape, whole.strides, offset) < places)) throw bad("tensors within their storage");
  return { ...whole, isPlain: count === 0 || isRowMajor(whole.shape, whole.strides) };
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const sizes = (value: unknown): number[] | undefined =>
  Array.isArray(value) && value.length <= 64 && value.every(isSize) ? value : undefined;

function typed(op: string, bytes: Uint8Array, dtype: WeightDType): WeightData {
  if (dtype === "bool" && bytes.some((byte) => byte > 1))
    throw new WeightFileError(op, "bools of 0 and 1", "another byte", "the file is torn");
  const size = BYTES[dtype];
  // The bytes of an untyped storage may end within an element, which no tensor touches.
  return elementsOf(bytes.subarray(0, Math.floor(bytes.length / size) * size), dtype);
}
