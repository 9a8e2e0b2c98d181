import { ANY, type Primitive } from "../autograd/node";
import type { UnaryOp } from "../backend/op-names";
import { checkFloating } from "../dtype/dtype";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, runContiguous } from "./layout";

/** The derivative of each function times the incoming gradient, from its input or its output. */
const GRADIENTS: Readonly<Record<UnaryOp, { from: "input" | "output" | "none"; gradient(grad: Tensor, value: Tensor): Tensor }>> = {
  neg: { from: "none", gradient: (grad) => grad.neg() },
  abs: { from: "input", gradient: (grad, x) => grad.mul(x.gt(0).type(x.dtype).sub(x.lt(0).type(x.dtype))) },
  exp: { from: "output", gradient: (grad, y) => grad.mul(y) },
  expm1: { from: "output", gradient: (grad, y) => grad.mul(y.add(1)) },
  log: { from: "input", gradient: (grad, x) => grad.div(x) },
  log1p: { from: "input", gradient: (grad, x) => grad.div(x.add(1)) },
  sqrt: { from: "output", gradient: (grad, y) => grad.div(y.mul(2)) },
  relu: { from: "output", gradient: (grad, y) => grad.binary("reluGrad", y) },
  sigmoid: { from: "output", gradient: (grad, y) => grad.binary("sigmoidGrad", y) },
  tanh: { from: "output", gradient: (grad, y) => grad.binary("tanhGrad", y) },
  erf: { from: "input", gradient: (grad, x) => grad.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)) },
  softplus: { from: "input", gradient: (grad, x) => grad.mul(x.unary("sigmoid")) },
};

const PRIMITIVES = /* @__PURE__ */ Object.fromEntries(
  (Object.keys(GRADIENTS) as UnaryOp[]).map((op) => [op, unaryPrimitive(op)]),
) as Readonly<Record<UnaryOp, Primitive<null>>>;

/** Applies an elementwise function of one operand. Throws TypeError for a dtype that has none of it. */
export function applyUnary(op: UnaryOp, tensor: Tensor): Tensor {
  const x = checkTensor(op, tensor);
  const integers = op === "neg" || op === "abs";
  if (!(integers && x.dtype === "int32")) checkFloating(op, x.dtype);
  return runContiguous(PRIMITIVES[op], [x], null);
}

// --- internal helpers ---

function unaryPrimitive(op: UnaryOp): Primitive<null> {
  const { from, gradient } = GRADIENTS[op];
  return {
    name: op,
    reads: [from === "input" ? ANY : 0],
    readsOutput: from === "output" ? ANY : 0,
    forward([x]) {
      const input = x as Tensor;
      const { device } = input.storage;
      return computedLayout(device, input.dtype, input.sizes, (out) => device.kernels.unary(op, input.layout, out));
    },
    backward(node, grad) {
      if (from === "none") return [gradient(grad, grad)];
      return [gradient(grad, from === "input" ? node.input(0) : node.output())];
    },
  };
}
