import type { UnaryFunction } from "../backend/kernels";
import type { MoreUnaryOp } from "../backend/op-names";

/** The definitions of the unary functions that not every program carries, as those in `unary`. */
export const MORE_UNARY: Readonly<Record<MoreUnaryOp, UnaryFunction>> = {
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0), // NaN and -0 give 0, as in PyTorch; Math.sign keeps both
  sin: Math.sin,
  cos: Math.cos,
  rsqrt: (x) => 1 / Math.sqrt(x),
};

// --- internal helpers ---

/** Halves go to the even neighbour; `Math.round` takes the one above. */
function round(x: number): number {
  const y = Math.round(x);
  return y - x === 0.5 && y % 2 !== 0 ? y - 1 : y;
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
