import type { BinaryOp } from "../backend/op-names";
import type { Tensor } from "../tensor/tensor";
import type { NumberOrTensor } from "./binary";

/** The gradient of one operand, before it is summed to that operand's shape. Reads the operands only where it must; its own is a tensor. */
type GradientOfA = (grad: Tensor, a: () => Tensor, b: () => NumberOrTensor) => Tensor;
type GradientOfB = (grad: Tensor, a: () => NumberOrTensor, b: () => Tensor) => Tensor;

/** Gradients of a binary function; an absent one is 0 everywhere. */
interface BinaryGradients {
  readonly a?: GradientOfA;
  readonly b?: GradientOfB;
  /** Who reads operand a, and who reads b: 1 for a's gradient, 2 for b's, 3 for both. */
  readonly reads: { readonly a: number; readonly b: number };
}

/** The gradients of the differentiable binary functions, in differentiable operations. */
export const BINARY_GRADIENTS: Readonly<Partial<Record<BinaryOp, BinaryGradients>>> = {
  add: { reads: { a: 0, b: 0 }, a: (grad) => grad, b: (grad) => grad },
  sub: { reads: { a: 0, b: 0 }, a: (grad) => grad, b: (grad) => grad.neg() },
  mul: { reads: { a: 2, b: 1 }, a: (grad, _a, b) => grad.mul(b()), b: (grad, a) => grad.mul(a()) },
  div: { reads: { a: 2, b: 3 }, a: (grad, _a, b) => grad.div(b()), b: (grad, a, b) => grad.neg().mul(a()).div(b()).div(b()) },
  pow: { reads: { a: 3, b: 3 }, a: (grad, a, b) => powBase(grad, a(), b()), b: (grad, a, b) => powExponent(grad, a(), b()) },
  minimum: { reads: { a: 3, b: 3 }, a: (grad, a, b) => picked("lt", grad, a(), b()), b: (grad, a, b) => picked("lt", grad, b(), a()) },
  maximum: { reads: { a: 3, b: 3 }, a: (grad, a, b) => picked("gt", grad, a(), b()), b: (grad, a, b) => picked("gt", grad, b(), a()) },
  // The helpers of relu, sigmoid and tanh: linear in a, the gradient; b is the function's output.
  reluGrad: { reads: { a: 0, b: 1 }, a: (grad, _a, b) => grad.binary("reluGrad", b()) },
  sigmoidGrad: {
    reads: { a: 2, b: 3 },
    a: (grad, _a, b) => grad.binary("sigmoidGrad", b()),
    b: (grad, a, b) => grad.mul(a()).mul(b().mul(-2).add(1)),
  },
  tanhGrad: {
    reads: { a: 2, b: 3 },
    a: (grad, _a, b) => grad.binary("tanhGrad", b()),
    b: (grad, a, b) => grad.mul(a()).mul(b().mul(-2)),
  },
};

// --- internal helpers ---

/** `b a^(b-1)`, and 0 where the exponent is 0, whatever the base. */
function powBase(grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  if (typeof b === "number") return b === 0 ? grad.mul(0) : grad.mul(a.pow(b - 1).mul(b));
  const gradient = grad.mul(a.pow(b.sub(1)).mul(b));
  return gradient.where(b.ne(0), 0);
}

/** `a^b log a`, and 0 where the base is 0 and the exponent is not negative. */
function powExponent(grad: Tensor, a: NumberOrTensor, b: Tensor): Tensor {
  if (typeof a === "number") return a === 0 ? grad.mul(0) : grad.mul(b.mul(Math.log(a)).exp()).mul(Math.log(a));
  const gradient = grad.mul(a.pow(b)).mul(a.log());
  return gradient.where(a.ne(0), gradient.where(b.lt(0), 0));
}

/** All of the gradient where `a` was picked, half of it where the two were equal. */
function picked(comparison: "lt" | "gt", grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  return grad.where(a.binary(comparison, b), grad.mul(0.5).where(a.eq(b), 0));
}
