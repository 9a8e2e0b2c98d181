import { composed } from "../autograd/scope";
import { applySoftmax } from "../ops/softmax";
import { applyUnary } from "../ops/unary";
import type { Tensor } from "../tensor/tensor";

/** max(x, 0); NaN stays. Mirrors `torch.nn.functional.relu`. */
export function relu(input: Tensor): Tensor {
  return applyUnary("relu", input);
}

/** 1 / (1 + e^-x). Mirrors `torch.nn.functional.sigmoid`. */
export function sigmoid(input: Tensor): Tensor {
  return applyUnary("sigmoid", input);
}

/** The hyperbolic tangent. Mirrors `torch.nn.functional.tanh`. */
export function tanh(input: Tensor): Tensor {
  return applyUnary("tanh", input);
}

/** x times the normal distribution function of x, by the error function. Mirrors `torch.nn.functional.gelu`. */
export function gelu(input: Tensor): Tensor {
  return composed(() => input.mul(applyUnary("erf", input.mul(Math.SQRT1_2)).add(1)).mul(0.5));
}

/** x sigmoid(x). Mirrors `torch.nn.functional.silu`. */
export function silu(input: Tensor): Tensor {
  return composed(() => input.mul(sigmoid(input)));
}

/** x where positive, `negativeSlope` x (default 0.01) elsewhere. Mirrors `torch.nn.functional.leaky_relu`. */
export function leakyRelu(input: Tensor, { negativeSlope = 0.01 }: { negativeSlope?: number } = {}): Tensor {
  return composed(() => input.where(input.gt(0), input.mul(negativeSlope)));
}

/** log(1 + e^(beta x)) / beta, without overflow; `beta` defaults to 1. Mirrors `torch.nn.functional.softplus`. */
export function softplus(input: Tensor, { beta = 1 }: { beta?: number } = {}): Tensor {
  if (beta === 1) return applyUnary("softplus", input);
  return composed(() => applyUnary("softplus", input.mul(beta)).div(beta));
}

/** x where positive, `alpha` (e^x - 1) elsewhere; `alpha` defaults to 1. Mirrors `torch.nn.functional.elu`. */
export function elu(input: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  // The clamp keeps the branch not taken finite: its gradient would be infinity times 0.
  return composed(() => input.where(input.gt(0), applyUnary("expm1", input.clamp({ max: 0 })).mul(alpha)));
}

/** The constants that make a fixed point of mean 0 and variance 1, from Klambauer et al., 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** The self-normalising activation, companion of `alphaDropout`. Mirrors `torch.nn.functional.selu`. */
export function selu(input: Tensor): Tensor {
  return composed(() => elu(input, { alpha: SELU_ALPHA }).mul(SELU_SCALE));
}

/** e^x over its sum along `dim`. Mirrors `torch.nn.functional.softmax`; `dim` has no default here. */
export function softmax(input: Tensor, { dim }: { dim: number }): Tensor {
  return applySoftmax(input, false, dim);
}

/** The logarithm of softmax along `dim`, computed as one. Mirrors `torch.nn.functional.log_softmax`. */
export function logSoftmax(input: Tensor, { dim }: { dim: number }): Tensor {
  return applySoftmax(input, true, dim);
}
