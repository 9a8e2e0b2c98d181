/** A tensor of a file, as all readers give it and all writers take it. */

/** Element types, in PyTorch's words. Those below float32 are exact in float32, and are held so. */
export type WeightDType =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** Elements as JavaScript holds them: float16 and bfloat16 widened to float32, int64 and uint64 as bigints, bool as bytes of 0 and 1. */
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

/** The elements of little-endian bytes. A view where they lie at a multiple of the element's size, else a copy; float16 and bfloat16 are widened, bool must be 0 or 1. */
export function elementsOf(bytes: Uint8Array, dtype: WeightDType): WeightData {
  switch (dtype) {
    case "float16":
      return Float32Array.from(viewed(bytes, Uint16Array) as Uint16Array, float16ToNumber);
    case "bfloat16": {
      const bits = viewed(bytes, Uint16Array) as Uint16Array;
      const wide = new Uint32Array(bits.length);
      for (let i = 0; i < bits.length; i++) wide[i] = (bits[i] as number) << 16;
      return new Float32Array(wide.buffer);
    }
    case "bool":
    case "uint8":
      return bytes;
    default:
      return viewed(bytes, ARRAYS[dtype]);
  }
}

/** The value of a float16 by its bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

// --- internal helpers ---

/** What makes elements of bytes. */
interface ArrayKind {
  new (buffer: ArrayBufferLike, offset: number, length: number): WeightData;
  readonly BYTES_PER_ELEMENT: number;
}

const ARRAYS: Readonly<Record<Exclude<WeightDType, "float16" | "bfloat16" | "bool" | "uint8">, ArrayKind>> = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
};

/** Bytes as elements of `Kind`; a copy where they lie between its places. */
function viewed(bytes: Uint8Array, Kind: ArrayKind): WeightData {
  const size = Kind.BYTES_PER_ELEMENT;
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new Kind(own.buffer, own.byteOffset, own.byteLength / size);
}
