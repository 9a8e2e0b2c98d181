/** Raw operands for tests that call a backend's members as core does. */
import {
  type Backend,
  contiguousStrides,
  createTypedArray,
  type DType,
  type Operand,
  sizeOf,
  type TypedArray,
} from "@dropwise/core/backend";

/** Made-up numbers that differ from call to call of one sequence, with the specials that kernels get wrong first. */
export function numbers(length: number, seed = 1, specials = true): Float32Array {
  const out = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647;
    out[i] = (state / 2147483647 - 0.5) * 8;
  }
  if (specials && length > 20) out.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-40, -1e38], 7);
  return out;
}

/** An operand on `backend` that holds `data`, behind `offset` elements that nobody may touch. */
export function operand(
  backend: Backend,
  data: TypedArray,
  shape: readonly number[],
  strides = contiguousStrides(shape),
  offset = 0,
): Operand {
  const dtype: DType =
    data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : data instanceof Uint8Array ? "bool" : "float64";
  const length = offset + data.length;
  const storage = { handle: backend.allocate(dtype, length + PADDING), dtype, length };
  const padded = createTypedArray(dtype, length + PADDING).fill(GUARD);
  padded.set(data, offset);
  backend.write(storage, padded);
  return { storage, shape, strides, offset };
}

/** An output operand, filled with a guard value. */
export function output(backend: Backend, dtype: DType, shape: readonly number[], offset = 3): Operand {
  return operand(backend, createTypedArray(dtype, sizeOf(shape)).fill(GUARD), shape, contiguousStrides(shape), offset);
}

/** What an operand's storage holds where it is contiguous. Throws when something was written beside it. */
export function contents(backend: Backend, { storage, shape, offset }: Operand): TypedArray {
  const all = backend.view?.(storage) as TypedArray;
  const end = offset + sizeOf(shape);
  for (const [at, value] of all.entries())
    if ((at < offset || at >= end) && value !== GUARD) throw new Error(`written beside the output, at ${at - offset}`);
  return all.slice(offset, end);
}

const GUARD = 77;
const PADDING = 5;
