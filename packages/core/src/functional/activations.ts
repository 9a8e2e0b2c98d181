import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { activation } from "../ops/activation";
import { sigmoidGrad } from "../ops/arithmetic";
import { checkTensor } from "../ops/binary";
import { formula } from "../ops/formula";
import { applySoftmax } from "../ops/softmax";
import * as unary from "../ops/unary";
import { erf } from "../ops/unary-more";
import type { Tensor } from "../tensor/tensor";

/** Options of `gelu`. */
export interface GeluOptions {
  /** `"tanh"` computes by a hyperbolic tangent what `"none"` computes by the error function. Default: "none". */
  readonly approximate?: "none" | "tanh";
}

/** How `gelu` computes, from its options. */
export function geluApproximation(op: string, options: GeluOptions | undefined): "none" | "tanh" {
  const { approximate = "none" } = optionsOf<GeluOptions>(op, options, { approximate: "any" });
  if (approximate !== "none" && approximate !== "tanh") throw wrongValue(op, 'approximate "none" or "tanh"', approximate);
  return approximate;
}

/**
 * max(x, 0), element by element; NaN stays, and passes the gradient on. Mirrors [torch.nn.functional.relu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html).
 *
 * @param input Any shape; float32 or float64, as for all activations.
 * @throws TypeError for integers and bool, as all activations do.
 */
export function relu(input: Tensor): Tensor {
  return unary.relu(input);
}

/**
 * 1 / (1 + e^-x), in (0, 1). Mirrors [torch.nn.functional.sigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html).
 *
 * @param input Any shape.
 */
export function sigmoid(input: Tensor): Tensor {
  return unary.sigmoid(input);
}

/**
 * The hyperbolic tangent, in (-1, 1). Mirrors [torch.nn.functional.tanh](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html).
 *
 * @param input Any shape.
 */
export function tanh(input: Tensor): Tensor {
  return unary.tanh(input);
}

/**
 * x times the normal distribution function of x, by the error function (Hendrycks and Gimpel, [2016](https://arxiv.org/abs/1606.08415)). Mirrors
 * [torch.nn.functional.gelu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html).
 *
 * @param input Any shape.
 * @param options `approximate`: `"tanh"` for the approximation by a hyperbolic tangent, default `"none"`.
 * @throws RangeError for another approximation.
 */
export function gelu(input: Tensor, options?: GeluOptions): Tensor {
  const approximate = geluApproximation("gelu", options);
  return (approximate === "tanh" ? tanhGeluOf : geluOf)(checkActivation("gelu", input));
}

/**
 * x sigmoid(x). Mirrors [torch.nn.functional.silu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html).
 *
 * @param input Any shape.
 */
export function silu(input: Tensor): Tensor {
  return siluOf(checkActivation("silu", input));
}

/**
 * x where positive, `negativeSlope` x elsewhere. Mirrors [torch.nn.functional.leaky_relu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html).
 *
 * @param input Any shape.
 * @param options `negativeSlope`: default 0.01.
 */
export function leakyRelu(input: Tensor, options?: { negativeSlope?: number }): Tensor {
  const { negativeSlope = 0.01 } = optionsOf<{ negativeSlope?: number }>("leakyRelu", options, { negativeSlope: "number" });
  const x = checkActivation("leakyRelu", input);
  return composed(() => x.where(x.gt(0), x.mul(negativeSlope)));
}

/**
 * log(1 + e^(beta x)) / beta, without overflow. Mirrors [torch.nn.functional.softplus](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html).
 *
 * @param input Any shape.
 * @param options `beta`: default 1.
 */
export function softplus(input: Tensor, options?: { beta?: number }): Tensor {
  const { beta = 1 } = optionsOf<{ beta?: number }>("softplus", options, { beta: "number" });
  if (beta === 1) return unary.softplus(input);
  const x = checkActivation("softplus", input);
  return composed(() => unary.softplus(x.mul(beta)).div(beta));
}

/**
 * x where positive, `alpha` (e^x - 1) elsewhere. Mirrors [torch.nn.functional.elu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html).
 *
 * @param input Any shape.
 * @param options `alpha`: default 1.
 */
export function elu(input: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha = 1 } = optionsOf<{ alpha?: number }>("elu", options, { alpha: "number" });
  return eluOf(checkActivation("elu", input), alpha);
}

/** The constants that make a fixed point of mean 0 and variance 1, from Klambauer et al., 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * The self-normalising activation (Klambauer et al., [2017](https://arxiv.org/abs/1706.02515)), companion of `alphaDropout`. Mirrors
 * [torch.nn.functional.selu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html).
 *
 * @param input Any shape.
 */
export function selu(input: Tensor): Tensor {
  const x = checkActivation("selu", input);
  return composed(() => eluOf(x, SELU_ALPHA).mul(SELU_SCALE));
}

/**
 * e^x over its sum along a dimension, without overflow. Mirrors [torch.nn.functional.softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html).
 *
 * @param input Any shape.
 * @param options `dim`: the dimension that sums to 1; has no default here.
 * @throws RangeError for a dim that is not there, TypeError without one.
 */
export function softmax(input: Tensor, options: { dim: number }): Tensor {
  return applySoftmax(input, false, optionsOf<{ dim: number }>("softmax", options, { dim: "any" }).dim);
}

/**
 * The logarithm of softmax, computed as one. Mirrors [torch.nn.functional.log_softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html).
 *
 * @param input Any shape.
 * @param options `dim`, and errors, as for `softmax`.
 */
export function logSoftmax(input: Tensor, options: { dim: number }): Tensor {
  return applySoftmax(input, true, optionsOf<{ dim: number }>("logSoftmax", options, { dim: "any" }).dim);
}

/** A float tensor, refused under the name of the function that was called. */
export function checkActivation(op: string, input: Tensor): Tensor {
  const x = checkTensor(op, input);
  checkFloating(op, x.dtype);
  return x;
}

// --- internal helpers ---

/** The normal distribution function Phi times x; the derivative is Phi(x) + x phi(x), with its density phi. */
const geluOf = /* @__PURE__ */ activation("gelu", "gelu", {
  part: (x) => erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5),
  value: (x, _, phi) => phi.mul(x),
  derivative(x, _, phi) {
    const density = x
      .mul(x)
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return phi.add(density.mul(x));
  },
});

const TANH_SCALE = /* @__PURE__ */ Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

/** With t = tanh(a (x + c x^3)): x (1 + t) / 2, and (1 + t) / 2 + x (1 - t^2) a (1 + 3 c x^2) / 2. */
const tanhGeluOf = /* @__PURE__ */ activation("geluTanh", "gelu", {
  part: (x) => unary.tanh(x.mul(x).mul(TANH_CUBIC).add(1).mul(x).mul(TANH_SCALE)),
  value: (x, _, t) => t.add(1).mul(x).mul(0.5),
  derivative(x, _, t) {
    const slope = x
      .mul(x)
      .mul(3 * TANH_CUBIC)
      .add(1)
      .mul(TANH_SCALE);
    return t.mul(t).neg().add(1).mul(slope).mul(x).add(t).add(1).mul(0.5);
  },
});

/** With s = sigmoid(x): x s, and s + x s (1 - s). */
const siluOf = /* @__PURE__ */ activation("silu", "silu", {
  part: sigmoid,
  value: (x, _, s) => x.mul(s),
  derivative: (x, _, s) => s.add(sigmoidGrad(x, s)),
});

/** At 0 the slope is that of the left side, but it does not bend there; NaN counts as positive. */
const eluOf = /* @__PURE__ */ formula<number>("elu", {
  value: (x, alpha) =>
    unary
      .expm1(x.clamp({ max: 0 }))
      .mul(alpha)
      .where(x.le(0), x),
  // Positive numbers are left out of the exponential: an infinite one would reach the second derivative.
  derivative: (x, alpha) => x.where(x.lt(0), 0).exp().mul(alpha).where(x.le(0), 1),
});
