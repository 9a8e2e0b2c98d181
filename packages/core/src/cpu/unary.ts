import type { UnaryOp } from "../backend/op-names";
import type { TypedArray } from "../dtype/dtype";

/** The definition of every unary function, in double; the result is rounded once when it is stored. */
const FUNCTIONS: Readonly<Record<UnaryOp, (x: number) => number>> = {
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
  erf,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** `out[i] = op(x[i])` for `length` elements from the two offsets on. `out` may be `x`. */
export function unary(op: UnaryOp, x: TypedArray, xOffset: number, out: TypedArray, outOffset: number, length: number): void {
  const f = FUNCTIONS[op];
  for (let i = 0; i < length; i++) out[outOffset + i] = f(x[xOffset + i] as number);
}

// --- internal helpers ---

/** 1 / (1 + e^-x), with the exponential of a negative number only, so that nothing overflows and small results keep their digits. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/**
 * The error function, to a few units in the last place of a double: the series
 * `2 / sqrt(pi) * e^(-x^2) * x * (1 + 2x^2/3 + (2x^2)^2/(3*5) + ...)` (Abramowitz and Stegun 7.1.6), whose terms are all positive,
 * so that nothing cancels. Beyond 6 the result is 1 to all digits.
 */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > Math.abs(sum) * 1e-17; n += 2) {
    term *= (2 * x * x) / n;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
