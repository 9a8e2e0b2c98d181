/** Elementwise functions by their names in the contract, for whoever goes through all of them. */

import type { BinaryOp, UnaryOp } from "../backend/op-names";
import { wrongType } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, pow, reluGrad, sigmoidGrad, sub, tanhGrad } from "./arithmetic";
import { type Binary, binary, type NumberOrTensor } from "./binary";
import { abs, exp, expm1, log, log1p, neg, relu, sigmoid, softplus, sqrt, tanh } from "./unary";
import { ceil, cos, erf, floor, round, rsqrt, sign, sin } from "./unary-more";

// Each name by itself: a namespace taken as a value would be carried whole by every program.
const UNARY: Readonly<Record<UnaryOp, (x: Tensor) => Tensor>> = {
  neg,
  abs,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  relu,
  sigmoid,
  tanh,
  erf,
  softplus,
  floor,
  ceil,
  round,
  sign,
  sin,
  cos,
  rsqrt,
};
const BINARY: Readonly<Record<BinaryOp, Binary>> = {
  add,
  sub,
  mul,
  div,
  pow,
  minimum,
  maximum,
  reluGrad,
  sigmoidGrad,
  tanhGrad,
  binaryCrossEntropy: /* @__PURE__ */ binary("binaryCrossEntropy"),
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
};

/**
 * An elementwise function of the contract, those included that `functional` has under another name or not at all; differentiable.
 *
 * @param op The operation.
 * @param x Any shape; its dtype as the function wants it.
 * @throws TypeError for what is none of the names; else as the function.
 */
export function applyUnary(op: UnaryOp, x: Tensor): Tensor {
  if (typeof op !== "string" || !Object.hasOwn(UNARY, op)) throw wrongType("applyUnary", `one of ${Object.keys(UNARY).join(", ")}`, op);
  return UNARY[op](x);
}

/**
 * An elementwise function of two operands of the contract, broadcast and converted to one dtype as `Tensor.add` does; differentiable but for
 * comparisons and `binaryCrossEntropy`.
 *
 * @param op The operation.
 * @param a A tensor, or a number beside one.
 * @param b The same.
 * @throws TypeError for what is none of the names; else as `Tensor.add`.
 */
export function applyBinary(op: BinaryOp, a: NumberOrTensor, b: NumberOrTensor): Tensor {
  if (typeof op !== "string" || !Object.hasOwn(BINARY, op)) throw wrongType("applyBinary", `one of ${Object.keys(BINARY).join(", ")}`, op);
  return BINARY[op](a, b);
}
