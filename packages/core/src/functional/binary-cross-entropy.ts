import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { isFloating, promote } from "../dtype/dtype";
import { cast, computedLayout } from "../ops/layout";
import type { Tensor } from "../tensor/tensor";

/** Each element's loss from a probability and a target of one shape; logarithms are bounded at -100, as in PyTorch. */
const lossPrimitive: Primitive<null> = {
  name: "binaryCrossEntropy",
  reads: [0b11, 0b01],
  forward(inputs) {
    const [p, target] = inputs as [Tensor, Tensor];
    const { device } = p.storage;
    return computedLayout(device, p.dtype, p.sizes, (out) => device.kernels.binary("binaryCrossEntropy", p.layout, target.layout, out));
  },
  backward(node, grad) {
    const p = node.input(0);
    return [node.needs(0) ? byProbability(grad, p, node.input(1)) : null, node.needs(1) ? grad.mul(log(complement(p)).sub(log(p))) : null];
  },
};

/** The loss of each element; float, of the inputs' common dtype. */
export function elementLosses(input: Tensor, target: Tensor): Tensor {
  const common = promote(input.dtype, target.dtype);
  const dtype = isFloating(common) ? common : "float32";
  return run(lossPrimitive, [cast(input, dtype), cast(target, dtype)], null);
}

// --- internal helpers ---

/** `(p - t) / (p (1 - p))`, with PyTorch's bound on the denominator, which keeps it finite where p is exactly 0 or 1. */
function byProbability(grad: Tensor, p: Tensor, target: Tensor): Tensor {
  return grad.mul(p.sub(target)).div(complement(p).mul(p).clamp({ min: 1e-12 }));
}

function complement(p: Tensor): Tensor {
  return p.neg().add(1);
}

function log(x: Tensor): Tensor {
  return x.log().clamp({ min: -100 });
}
