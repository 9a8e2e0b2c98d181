import type { UnaryFunction } from "../backend/kernels";
import type { MoreUnaryOp, UnaryOp } from "../backend/op-names";
import type { TypedArray } from "../dtype/dtype";

/** The definition of the functions that every program carries, in double; the result is rounded once when it is stored. The others are in `unary-more`. */
export const UNARY: Readonly<Record<Exclude<UnaryOp, MoreUnaryOp>, UnaryFunction>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  relu: (x) => (x < 0 ? 0 : x), // so written that NaN stays NaN
  sigmoid,
  tanh: Math.tanh,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** `out[i] = f(x[i])` for `length` elements from the two offsets on. `out` may be `x`. */
export function unary(f: UnaryFunction, x: TypedArray, xOffset: number, out: TypedArray, outOffset: number, length: number): void {
  for (let i = 0; i < length; i++) out[outOffset + i] = f(x[xOffset + i] as number);
}

// --- internal helpers ---

/** 1 / (1 + e^-x), with the exponential of a negative number only, so that nothing overflows and small results keep their digits. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
