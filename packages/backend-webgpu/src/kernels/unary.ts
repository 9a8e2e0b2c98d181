import type { UnaryOp } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { elementwise } from "./elementwise";
import { type GpuOperand, typeOf } from "./kernel";
import math from "./math.wgsl";
import more from "./unary-more.wgsl";
import values from "./values.wgsl";

const EXPRESSIONS: Readonly<Record<UnaryOp, string>> = {
  neg: "-x",
  abs: "abs(x)",
  exp: "exp_(x)",
  expm1: "expm1_(x)",
  log: "log_(x)",
  log1p: "log1p_(x)",
  sqrt: "sqrt_(x)",
  relu: "relu(x)",
  sigmoid: "sigmoid(x)",
  tanh: "tanh_(x)",
  erf: "erf_(x)",
  softplus: "softplus(x)",
  floor: "floor_(x)",
  ceil: "ceil_(x)",
  round: "round_(x)",
  sign: "sign_(x)",
  sin: "sin_(x)",
  cos: "cos_(x)",
  rsqrt: "rsqrt_(x)",
};

/** `out[i] = op(x[i])`; `out` may be `x`. */
export function unary(gpu: Gpu, op: UnaryOp, x: GpuOperand, out: GpuOperand): void {
  const { dtype } = x.storage;
  const type = typeOf(dtype);
  elementwise(gpu, {
    key: `unary ${op} ${type}`,
    files: type === "f32" ? [values, math, more] : [],
    op: `fn op(x: ${type}) -> ${type} { return ${EXPRESSIONS[op]}; }`,
    operands: [{ value: x, dtype }],
    out,
  });
}
