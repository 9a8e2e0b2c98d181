/**
 * Elementwise functions of one operand. A new name here is a compile error in every backend's table until it is there. Of those that are no plain mathematics:
 *
 * - `floor`, `ceil`, `round` (halves to the even neighbour) are exact and keep NaN and infinities; a result of 0 has the sign of the operand.
 * - `sign`: -1, +0 or 1; +0 for NaN and -0, as in PyTorch.
 * - `sin`, `cos`: of every finite operand, however large; NaN for infinities.
 * - `rsqrt`: `1 / sqrt(x)`; an infinity with the sign of a zero, NaN for what is below.
 */
export type UnaryOp =
  | "neg"
  | "abs"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "relu"
  | "sigmoid"
  | "tanh"
  | "erf"
  | "softplus"
  | "floor"
  | "ceil"
  | "round"
  | "sign"
  | "sin"
  | "cos"
  | "rsqrt";

/** Those whose definition only a program carries that uses one; every program carries the others. */
export type MoreUnaryOp = Extract<UnaryOp, "erf" | "floor" | "ceil" | "round" | "sign" | "sin" | "cos" | "rsqrt">;

/** Binary operations whose result is bool; NaN compares as in IEEE 754. */
export type ComparisonOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/**
 * Elementwise functions of two operands (a, b). Beside arithmetic and comparisons:
 *
 * - `minimum`, `maximum`: NaN wins.
 * - `reluGrad`, `sigmoidGrad`, `tanhGrad`: the gradient `a` times the derivative, from the function's output `b`:
 *   `b <= 0 ? 0 : a` (a NaN passes the gradient on), `a * b * (1 - b)`, `a * (1 - b * b)`.
 * - `binaryCrossEntropy`: `-(b * max(log a, -100) + (1 - b) * max(log(1 - a), -100))`, PyTorch's clamp included.
 */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "minimum"
  | "maximum"
  | "reluGrad"
  | "sigmoidGrad"
  | "tanhGrad"
  | "binaryCrossEntropy"
  | ComparisonOp;

/**
 * Activations that are several functions each, for backends that have them as one kernel; what they are is said in `functional/activations`. `gelu` by the error
 * function, `geluTanh` by the hyperbolic tangent, `silu`: x times its sigmoid.
 */
export type Activation = "gelu" | "geluTanh" | "silu";

/** Reductions. `argmax` gives int32 positions. */
export type ReduceOp = "sum" | "amax" | "amin" | "argmax";

/** True for the binary operations that give bool. */
export function isComparison(op: BinaryOp): op is ComparisonOp {
  return ["eq", "ne", "lt", "le", "gt", "ge"].includes(op);
}
