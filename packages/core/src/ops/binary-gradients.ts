import type { BinaryOp } from "../backend/op-names";
import type { Tensor } from "../tensor/tensor";
import type { NumberOrTensor } from "./binary";
import { scalarLike } from "./layout";

/** The gradient of one operand, before it is summed to that operand's shape. Reads operands and result only where it must; its own is a tensor. */
type GradientOfA = (grad: Tensor, a: () => Tensor, b: () => NumberOrTensor, y: () => Tensor) => Tensor;
type GradientOfB = (grad: Tensor, a: () => NumberOrTensor, b: () => Tensor, y: () => Tensor) => Tensor;

/** Gradients of a binary function; an absent one is 0 everywhere. */
interface BinaryGradients {
  readonly a?: GradientOfA;
  readonly b?: GradientOfB;
  /** Who reads operand a, who reads b, and who the result y (default: nobody): 1 for a's gradient, 2 for b's, 3 for both. */
  readonly reads: { readonly a: number; readonly b: number; readonly y?: number };
}

/** The gradients of the differentiable binary functions, in differentiable operations. */
export const BINARY_GRADIENTS: Readonly<Partial<Record<BinaryOp, BinaryGradients>>> = {
  add: { reads: { a: 0, b: 0 }, a: (grad) => grad, b: (grad) => grad },
  sub: { reads: { a: 0, b: 0 }, a: (grad) => grad, b: (grad) => grad.neg() },
  mul: { reads: { a: 2, b: 1 }, a: (grad, _a, b) => grad.mul(b()), b: (grad, a) => grad.mul(a()) },
  div: { reads: { a: 2, b: 3 }, a: (grad, _a, b) => grad.div(b()), b: (grad, a, b) => divisor(grad, a(), b()) },
  pow: {
    reads: { a: 3, b: 3, y: 2 },
    a: (grad, a, b) => powBase(grad, a(), b()),
    b: (grad, a, b, y) => powExponent(grad, a(), b(), y()),
  },
  minimum: { reads: { a: 3, b: 3 }, a: (grad, a, b) => unless("gt", grad, a(), b()), b: (grad, a, b) => unless("gt", grad, b(), a()) },
  maximum: { reads: { a: 3, b: 3 }, a: (grad, a, b) => unless("lt", grad, a(), b()), b: (grad, a, b) => unless("lt", grad, b(), a()) },
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

/** `-(a / b) / b`, which is finite where `a` times the gradient is not. */
function divisor(grad: Tensor, a: NumberOrTensor, b: Tensor): Tensor {
  const dividend = typeof a === "number" ? scalarLike(b, a) : a;
  return grad.mul(dividend.div(b).div(b)).neg();
}

/** `b a^(b-1)`, and 0 where the exponent is 0, whatever the base. */
function powBase(grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  if (typeof b === "number") return b === 0 ? scalarLike(grad, 0).expand(grad.sizes) : grad.mul(a.pow(b - 1).mul(b));
  const gradient = grad.mul(a.pow(b.sub(1)).mul(b));
  return gradient.where(b.ne(0), 0);
}

/** `y log a`, and 0 where the base is 0 and the exponent 0 or more. */
function powExponent(grad: Tensor, a: NumberOrTensor, b: Tensor, y: Tensor): Tensor {
  const slope = y.mul(typeof a === "number" ? Math.log(a) : a.log());
  const atBase0 = () => scalarLike(grad, 0).where(b.ge(0), slope);
  if (typeof a === "number") return grad.mul(a === 0 ? atBase0() : slope);
  return grad.mul(slope.where(a.ne(0), atBase0()));
}

/**
 * None of the gradient where `a` lost, by the comparison with `b`, half of it where the two were equal, and all elsewhere; that includes NaN, which
 * both operands pass on.
 */
function unless(lost: "lt" | "gt", grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  const share = grad.mul(0.5).where(a.eq(b), grad);
  return scalarLike(grad, 0).where(a.binary(lost, b), share);
}
