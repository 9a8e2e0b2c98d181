import { ANY, type Primitive } from "../autograd/node";
import type { UnaryOp } from "../backend/op-names";
import { checkFloating } from "../dtype/dtype";
import type { Tensor } from "../tensor/tensor";
import { reluGrad, sigmoidGrad, tanhGrad } from "./arithmetic";
import { checkTensor } from "./binary";
import { computedLayout, runContiguous } from "./layout";

/** A function of each element. Throws TypeError for a dtype that has none of it. */
export type Unary = (x: Tensor) => Tensor;

// The functions, a line each: the gradient is the one that comes in times the derivative, which is taken from the function's input or output.

export const neg = /* @__PURE__ */ unary("neg", "none", (grad) => grad.neg());
export const abs = /* @__PURE__ */ unary("abs", "input", (grad, x) => grad.mul(x.gt(0).type(x.dtype).sub(x.lt(0).type(x.dtype))));
export const exp = /* @__PURE__ */ unary("exp", "output", (grad, y) => grad.mul(y));
export const expm1 = /* @__PURE__ */ unary("expm1", "output", (grad, y) => grad.mul(y.add(1)));
export const log = /* @__PURE__ */ unary("log", "input", (grad, x) => grad.div(x));
export const log1p = /* @__PURE__ */ unary("log1p", "input", (grad, x) => grad.div(x.add(1)));
export const sqrt = /* @__PURE__ */ unary("sqrt", "output", (grad, y) => grad.div(y.mul(2)));
export const relu = /* @__PURE__ */ unary("relu", "output", (grad, y) => reluGrad(grad, y));
export const sigmoid = /* @__PURE__ */ unary("sigmoid", "output", (grad, y) => sigmoidGrad(grad, y));
export const tanh = /* @__PURE__ */ unary("tanh", "output", (grad, y) => tanhGrad(grad, y));
export const softplus = /* @__PURE__ */ unary("softplus", "input", (grad, x) => grad.mul(sigmoid(x)));

/** A row of the table. `from`: whether the gradient reads the function's input or output, which it is given. `replaced`: what of the primitive is otherwise. */
export function unary(
  op: UnaryOp,
  from: "input" | "output" | "none",
  gradient: (grad: Tensor, value: Tensor) => Tensor,
  replaced?: Partial<Primitive<null>>,
): Unary {
  const primitive: Primitive<null> = {
    name: op,
    reads: [from === "input" ? ANY : 0],
    readsOutput: from === "output" ? ANY : 0,
    forward: ([x]) => computedLayout(x.storage.device, x.dtype, x.sizes, (out, kernels) => kernels.unary(op, x.layout, out)),
    backward: (node, grad) => [gradient(grad, from === "input" ? node.input(0) : from === "output" ? node.output() : grad)],
    ...replaced,
  };
  return (tensor) => {
    const x = checkTensor(op, tensor);
    if (x.dtype !== "int32" || (op !== "neg" && op !== "abs")) checkFloating(op, x.dtype);
    return runContiguous(primitive, [x], null);
  };
}
