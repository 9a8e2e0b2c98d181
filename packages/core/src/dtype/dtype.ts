import { OutOfMemoryError } from "../errors/errors";
import { didYouMean } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";

/**
 * The element types of a tensor.
 *
 * - `float32`: the type of models; every backend has it.
 * - `float64`: for `gradcheck`; host-visible backends only.
 * - `int32`: indices and class labels.
 * - `bool`: masks; one byte of 0 or 1 each, as seen from outside.
 */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The typed array that holds elements of one dtype on the host: Float32Array, Float64Array, Int32Array, or Uint8Array for bool. */
export type TypedArrayOf<D extends DType> = D extends "float32"
  ? Float32Array
  : D extends "float64"
    ? Float64Array
    : D extends "int32"
      ? Int32Array
      : Uint8Array;

/** Any of the four typed arrays that tensors hold. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Bytes of one element on the host. */
export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  bool: 1,
};

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** The dtypes, narrowest first: mixed operands are converted to the later one. */
export const DTYPES: readonly DType[] = ["bool", "int32", "float32", "float64"];

/** True for a `dtype` that can carry gradients: float32 and float64. */
export function isFloating(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Refuses what cannot carry gradients. */
export function checkFloating(op: string, dtype: DType): void {
  if (!isFloating(dtype)) throw refusal(op, "a float tensor", dtype, 'convert it with x.type("float32")');
}

/** Refuses a number that int32 has no place for, NaN and infinities among them; `advice` says what to do. A fraction is cut off where it is stored. */
export function checkInt32(op: string, value: number, advice: string): void {
  if (!fitsInt32(value)) throw wrongValue(op, "numbers that fit int32", value, advice);
}

/** True for what int32 holds once its fraction is cut off. */
export function fitsInt32(value: number): boolean {
  return value > -(2 ** 31) - 1 && value < 2 ** 31;
}

/** The dtype that holds both operands of a mixed operation, e.g. `int32` with `float32` gives `float32`. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  return DTYPES.indexOf(a) > DTYPES.indexOf(b) ? a : b;
}

/** Refuses anything but one of the four dtype names. */
export function checkDType(op: string, dtype: unknown): DType {
  if (DTYPES.includes(dtype as DType)) return dtype as DType;
  const near = typeof dtype === "string" ? didYouMean(dtype.replace("torch.", ""), DTYPES) : undefined;
  throw wrongType(op, 'dtype "float32", "float64", "int32" or "bool"', dtype, near);
}

/** A new typed array of `length` zeros for elements of `dtype`. @throws RangeError when the engine has no room for it. */
export function createTypedArray<D extends DType>(dtype: D, length: number): TypedArrayOf<D>;
export function createTypedArray(dtype: DType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

/** Bytes of the largest typed array that core asks for. Engines promise more than a machine has, and are found out while it is filled, minutes later. */
export const MAX_HOST_BYTES = 2 ** 32;

/** The same for what `owner` holds, such as "cpu" or "the host". @throws OutOfMemoryError where there is no room for it, or it is too large. */
export function hostArray<D extends DType>(owner: string, dtype: D, length: number): TypedArrayOf<D> {
  const bytes = length * BYTES_PER_ELEMENT[dtype];
  try {
    if (bytes <= MAX_HOST_BYTES) return createTypedArray(dtype, length);
  } catch {}
  throw new OutOfMemoryError(owner, bytes);
}

/** The dtype a typed array holds, of whichever realm, or `null` for one that no tensor has (such as `Int16Array`) and for anything else. */
export function dtypeOf(array: unknown): DType | null {
  const kind = typedArrayKind(array);
  return DTYPES.find((dtype) => ARRAYS[dtype].name === kind) ?? null;
}

/** The name of a typed array's class, such as "Int16Array"; null for anything else. The same in every realm, and in a minified program. */
export function typedArrayKind(value: unknown): string | null {
  const kind: string | null = ArrayBuffer.isView(value) ? (value as Uint8Array)[Symbol.toStringTag] : null;
  return kind === "DataView" ? null : kind;
}

/** Refuses a typed array whose memory was given away, as `postMessage` can; it looks like an empty one. */
export function checkAttached(op: string, array: TypedArray): void {
  try {
    array.values();
  } catch {
    throw refusal(op, "a typed array", "one whose buffer was transferred", "copy it first");
  }
}
