/** The element types of the format, by its names. */
import type { WeightDType } from "../weight";

/** Types that a file may have and JavaScript has no array for. */
export type OtherDType = "complex64" | "float6_e3m2" | "float6_e2m3" | "float4_e2m1";

/** Name in PyTorch's words, and bits of an element. The Python writer writes tensors in this order. */
export const KINDS: Readonly<Record<string, readonly [dtype: WeightDType | OtherDType, bits: number]>> = {
  U64: ["uint64", 64],
  I64: ["int64", 64],
  F64: ["float64", 64],
  C64: ["complex64", 64],
  F32: ["float32", 32],
  U32: ["uint32", 32],
  I32: ["int32", 32],
  BF16: ["bfloat16", 16],
  F16: ["float16", 16],
  U16: ["uint16", 16],
  I16: ["int16", 16],
  F8_E5M2FNUZ: ["float8_e5m2fnuz", 8],
  F8_E4M3FNUZ: ["float8_e4m3fnuz", 8],
  F8_E8M0: ["float8_e8m0fnu", 8],
  F8_E4M3: ["float8_e4m3fn", 8],
  F8_E5M2: ["float8_e5m2", 8],
  I8: ["int8", 8],
  U8: ["uint8", 8],
  F6_E3M2: ["float6_e3m2", 6],
  F6_E2M3: ["float6_e2m3", 6],
  F4: ["float4_e2m1", 4],
  BOOL: ["bool", 8],
};

/** The key of the metadata, which no tensor can have. */
export const METADATA = "__metadata__";

/** Bytes that a header has at most. */
export const MAX_HEADER = 100_000_000;

/** True for text that UTF-8 has bytes for. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
