import type { Tensor } from "../tensor/tensor";
import { type Binary, binary, type NumberOrTensor } from "./binary";
import { constantLike } from "./layout";

// The functions of two operands, a line each, with their gradients in differentiable operations: of a, the first operand, and of b; y is the result.
// Operands and result are asked for only where they are needed, and `reads` says by whose gradient: 1 for a's, 2 for b's, 3 for both.

export const add = /* @__PURE__ */ binary("add", { reads: [0, 0], a: (grad) => grad, b: (grad) => grad });
export const sub = /* @__PURE__ */ binary("sub", { reads: [0, 0], a: (grad) => grad, b: (grad) => grad.neg() });
export const mul = /* @__PURE__ */ binary("mul", {
  reads: [2, 1],
  a: (grad, _a, b) => grad.mul(b()),
  b: (grad, a) => grad.mul(a()),
});
export const div = /* @__PURE__ */ binary("div", {
  reads: [2, 3],
  a: (grad, _a, b) => grad.div(b()),
  b: (grad, a, b) => divisor(grad, a(), b()),
});
export const pow = /* @__PURE__ */ binary("pow", {
  reads: [3, 3, 2],
  a: (grad, a, b) => powBase(grad, a(), b()),
  b: (grad, a, b, y) => powExponent(grad, a(), b(), y()),
});
export const minimum = /* @__PURE__ */ binary("minimum", {
  reads: [3, 3],
  a: (grad, a, b) => unless(gt, grad, a(), b()),
  b: (grad, a, b) => unless(gt, grad, b(), a()),
});
export const maximum = /* @__PURE__ */ binary("maximum", {
  reads: [3, 3],
  a: (grad, a, b) => unless(lt, grad, a(), b()),
  b: (grad, a, b) => unless(lt, grad, b(), a()),
});

export const eq = /* @__PURE__ */ binary("eq");
export const ne = /* @__PURE__ */ binary("ne");
export const lt = /* @__PURE__ */ binary("lt");
export const le = /* @__PURE__ */ binary("le");
export const gt = /* @__PURE__ */ binary("gt");
export const ge = /* @__PURE__ */ binary("ge");

// The gradients of relu, sigmoid and tanh: linear in a, the gradient that comes in; b is the function's output.

export const reluGrad = /* @__PURE__ */ binary("reluGrad", {
  reads: [0, 1],
  a: (grad, _a, b) => reluGrad(grad, b()),
});
export const sigmoidGrad = /* @__PURE__ */ binary("sigmoidGrad", {
  reads: [2, 3],
  a: (grad, _a, b) => sigmoidGrad(grad, b()),
  b: (grad, a, b) => grad.mul(a()).mul(b().mul(-2).add(1)),
});
export const tanhGrad = /* @__PURE__ */ binary("tanhGrad", {
  reads: [2, 3],
  a: (grad, _a, b) => tanhGrad(grad, b()),
  b: (grad, a, b) => grad.mul(a()).mul(b().mul(-2)),
});

// --- internal helpers ---

/** `-(a / b) / b`, which is finite where `a` times the gradient is not. */
function divisor(grad: Tensor, a: NumberOrTensor, b: Tensor): Tensor {
  const dividend = typeof a === "number" ? constantLike(b, a) : a;
  return grad.mul(dividend.div(b).div(b)).neg();
}

/** `b a^(b-1)`, and 0 where the exponent is 0, whatever the base. */
function powBase(grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  if (typeof b === "number") return b === 0 ? constantLike(grad, 0, grad.sizes) : grad.mul(a.pow(b - 1).mul(b));
  const gradient = grad.mul(a.pow(b.sub(1)).mul(b));
  return gradient.where(b.ne(0), 0);
}

/** `y log a`, and 0 where the base is 0 and the exponent 0 or more. */
function powExponent(grad: Tensor, a: NumberOrTensor, b: Tensor, y: Tensor): Tensor {
  const slope = y.mul(typeof a === "number" ? Math.log(a) : a.log());
  const atBase0 = () => constantLike(grad, 0).where(b.ge(0), slope);
  if (typeof a === "number") return grad.mul(a === 0 ? atBase0() : slope);
  return grad.mul(slope.where(a.ne(0), atBase0()));
}

/**
 * None of the gradient where `a` lost, by the comparison with `b`, half of it where the two were equal, and all elsewhere; that includes NaN, which
 * both operands pass on.
 */
function unless(lost: Binary, grad: Tensor, a: Tensor, b: NumberOrTensor): Tensor {
  const share = grad.mul(0.5).where(a.eq(b), grad);
  return constantLike(grad, 0).where(lost(a, b), share);
}
