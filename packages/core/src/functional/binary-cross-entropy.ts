import type { Inputs, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { isFloating, promote } from "../dtype/dtype";
import { cast, computedLayout, unrecorded } from "../ops/layout";
import { sigmoid, softplus } from "../ops/unary";
import type { Tensor } from "../tensor/tensor";

/** Each element's loss from a probability and a target of one shape; logarithms are bounded at -100, as in PyTorch. */
const lossPrimitive: Primitive<null> = {
  name: "binaryCrossEntropy",
  reads: [0b11, 0b01],
  forward(inputs) {
    const [p, target] = inputs as [Tensor, Tensor];
    return computedLayout(p.storage.device, p.dtype, p.sizes, (out, kernels) =>
      kernels.binary("binaryCrossEntropy", p.layout, target.layout, out),
    );
  },
  backward(node, grad) {
    const p = node.input(0);
    return [
      node.needs(0) ? byProbability(grad, p, node.input(1)) : null,
      // Not bounded, as in PyTorch: infinite where p is 0 or 1.
      node.needs(1) ? grad.mul(complement(p).log().sub(p.log())) : null,
    ];
  },
};

/** The same from a logit x: (1 - t) x + ln(1 + e^-x), without overflow. */
const logitsPrimitive: Primitive<null> = {
  name: "binaryCrossEntropyWithLogits",
  reads: [0b11, 0b01],
  forward: ([x, target]) =>
    unrecorded(() =>
      complement(target as Tensor)
        .mul(x)
        .add(softplus(x.neg())),
    ),
  backward(node, grad) {
    const x = node.input(0);
    return [node.needs(0) ? grad.mul(sigmoid(x).sub(node.input(1))) : null, node.needs(1) ? grad.mul(x).neg() : null];
  },
};

/** The loss of each element by its probability; float, of the inputs' common dtype. */
export function lossesOfProbabilities(input: Tensor, target: Tensor): Tensor {
  return run(lossPrimitive, inOneDtype(input, target), null);
}

/** The same by its logit. */
export function lossesOfLogits(input: Tensor, target: Tensor): Tensor {
  return run(logitsPrimitive, inOneDtype(input, target), null);
}

// --- internal helpers ---

function inOneDtype(input: Tensor, target: Tensor): Inputs {
  const common = promote(input.dtype, target.dtype);
  const dtype = isFloating(common) ? common : "float32";
  return [cast(input, dtype), cast(target, dtype)];
}

/** `(p - t) / (p (1 - p))`, with PyTorch's bound on the denominator, which keeps it finite where p is exactly 0 or 1. */
function byProbability(grad: Tensor, p: Tensor, target: Tensor): Tensor {
  return grad.mul(p.sub(target)).div(complement(p).mul(p).clamp({ min: 1e-12 }));
}

function complement(p: Tensor): Tensor {
  return p.neg().add(1);
}
