/** PyTorch's classes of storages; other dtypes lie in untyped ones. */
import type { WeightDType } from "../weight";

/** By dtype. */
export const STORAGES: ReadonlyMap<WeightDType, string> = /* @__PURE__ */ new Map<WeightDType, string>([
  ["float32", "FloatStorage"],
  ["float64", "DoubleStorage"],
  ["float16", "HalfStorage"],
  ["bfloat16", "BFloat16Storage"],
  ["int64", "LongStorage"],
  ["int32", "IntStorage"],
  ["int16", "ShortStorage"],
  ["int8", "CharStorage"],
  ["uint8", "ByteStorage"],
  ["bool", "BoolStorage"],
]);
