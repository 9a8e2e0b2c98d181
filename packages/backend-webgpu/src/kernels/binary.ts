import { type BinaryOp, UnsupportedOpError } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { NAME } from "../gpu/session";
import arithmetic from "./arithmetic.wgsl";
import { elementwise, type Value } from "./elementwise";
import { type GpuOperand, typeOf } from "./kernel";
import math from "./math.wgsl";
import pow from "./pow.wgsl";
import values from "./values.wgsl";

const FLOAT: Readonly<Record<BinaryOp, string>> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "divide(a, b)",
  pow: "pow_(a, b)",
  minimum: "min_f32(a, b)",
  maximum: "max_f32(a, b)",
  reluGrad: "select(a, 0.0, le_f32(b, 0.0))",
  sigmoidGrad: "a * b * (1.0 - b)",
  tanhGrad: "a * (1.0 - b * b)",
  binaryCrossEntropy: "binary_cross_entropy(a, b)",
  eq: "u32(eq_f32(a, b))",
  ne: "u32(!eq_f32(a, b))",
  lt: "u32(lt_f32(a, b))",
  le: "u32(le_f32(a, b))",
  gt: "u32(lt_f32(b, a))",
  ge: "u32(le_f32(b, a))",
};

const INTEGER: Readonly<Record<BinaryOp, string | null>> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "divide_int(a, b)",
  pow: "pow_int(a, b)",
  minimum: "min(a, b)",
  maximum: "max(a, b)",
  reluGrad: "select(a, 0, b <= 0)",
  sigmoidGrad: "a * b * (1 - b)",
  tanhGrad: "a * (1 - b * b)",
  binaryCrossEntropy: null,
  eq: "u32(a == b)",
  ne: "u32(a != b)",
  lt: "u32(a < b)",
  le: "u32(a <= b)",
  gt: "u32(a > b)",
  ge: "u32(a >= b)",
};

/** `out = op(a, b)` for strided operands or numbers; `out` is contiguous and may be a contiguous operand. */
export function binary(gpu: Gpu, op: BinaryOp, a: Value, b: Value, out: GpuOperand): void {
  const { dtype } = ((typeof a === "number" ? b : a) as GpuOperand).storage;
  const type = typeOf(dtype);
  const result = typeOf(out.storage.dtype);
  const expression = (type === "f32" ? FLOAT : INTEGER)[op];
  if (expression === null) throw new UnsupportedOpError("binary", NAME, `expected float data for ${op}, got ${dtype} - convert it first`);
  elementwise(gpu, {
    key: `binary ${op} ${type} ${result}`,
    files: type === "f32" ? [values, math, pow, arithmetic] : [values, math, arithmetic],
    op: opOf(expression, type, result),
    operands: [
      { value: a, dtype },
      { value: b, dtype },
    ],
    out,
  });
}

// --- internal helpers ---

/** The function `op`. Arithmetic on bool is done in integers, and anything but 0 is true. */
function opOf(expression: string, type: string, result: string): string {
  if (type !== "u32" || expression.startsWith("u32(")) return `fn op(a: ${type}, b: ${type}) -> ${result} { return ${expression}; }\n`;
  return `fn op(x: u32, y: u32) -> u32 { let a = i32(x); let b = i32(y); return u32((${expression}) != 0); }\n`;
}
