import { MORE_UNARY } from "../../cpu/unary-more";

/** The share of a standard normal that lies below `x`. */
export function normalShare(x: number): number {
  return (1 + MORE_UNARY.erf(x / Math.SQRT2)) / 2;
}

/** Below what the share `p` of a standard normal lies: the rational approximations of P. J. Acklam (2003), to nine digits. */
export function inverseNormal(p: number): number {
  if (p > 0.5) return -inverseNormal(1 - p);
  if (p >= TAIL) {
    const q = p - 0.5;
    const r = q * q;
    return (polynomial(CENTRE, r) * q) / (polynomial(CENTRE_BELOW, r) * r + 1);
  }
  const q = Math.sqrt(-2 * Math.log(p));
  return polynomial(TAIL_ABOVE, q) / (polynomial(TAIL_BELOW, q) * q + 1);
}

// --- internal helpers ---

const TAIL = 0.02425;
const CENTRE = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const CENTRE_BELOW = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
const TAIL_ABOVE = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
];
const TAIL_BELOW = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
