/** A tensor of a file, as all readers give it and all writers take it. */
import { type SmallFloat, widened } from "./small-floats";

/** Element types, in PyTorch's words. Those below float32 are exact in float32, and are held so. */
export type WeightDType =
  | "float64"
  | "float32"
  | SmallFloat
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** Elements as JavaScript holds them: floats below float32 widened to it, int64 and uint64 as bigints, bool as bytes of 0 and 1. */
export type WeightData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor: sizes, outermost first, the element type that the file has, and the elements in row-major order. */
export interface Weight {
  /** Sizes, outermost first; none for a scalar. */
  readonly shape: readonly number[];
  /** The element type in the file. */
  readonly dtype: WeightDType;
  /** The elements in row-major order. */
  readonly data: WeightData;
}

/** Tensors by name. */
export type Weights = Record<string, Weight>;

/** Bytes of an element in a file. */
export const BYTES: Readonly<Record<WeightDType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** The elements of little-endian bytes. A view where they lie at a multiple of the element's size, else a copy; floats below float32 are widened. Bools are not looked at. */
export function elementsOf(bytes: Uint8Array, dtype: WeightDType): WeightData {
  if (!isSmallFloat(dtype)) return viewed(bytes, ARRAYS[dtype]);
  return widened(BYTES[dtype] === 1 ? bytes : (viewed(bytes, Uint16Array) as Uint16Array), dtype);
}

/** The typed array in which the elements of a dtype are held. */
export function arrayOf(dtype: WeightDType): { readonly name: string } {
  return isSmallFloat(dtype) ? Float32Array : ARRAYS[dtype];
}

/** True for floats of one or two bytes. */
export function isSmallFloat(dtype: WeightDType): dtype is SmallFloat {
  return dtype.includes("float") && BYTES[dtype] < 4;
}

// --- internal helpers ---

/** What makes elements of bytes. */
interface ArrayKind {
  new (buffer: ArrayBufferLike, offset: number, length: number): WeightData;
  readonly BYTES_PER_ELEMENT: number;
}

const ARRAYS: Readonly<Record<Exclude<WeightDType, SmallFloat>, ArrayKind>> = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Bytes as elements of `Kind`; a copy where they lie between its places. */
function viewed(bytes: Uint8Array, Kind: ArrayKind): WeightData {
  const size = Kind.BYTES_PER_ELEMENT;
  const own = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Kind(own.buffer, own.byteOffset, own.byteLength / size);
}
