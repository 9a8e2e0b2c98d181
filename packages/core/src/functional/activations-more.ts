import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { formula } from "../ops/formula";
import { constantLike } from "../ops/layout";
import * as unary from "../ops/unary";
import { where } from "../ops/where";
import { formatShape, normalizeDim } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkActivation } from "./activations";

/** Options of `hardtanh`. */
export interface HardtanhOptions {
  /** What smaller elements become. Default: -1. */
  readonly minVal?: number;
  /** What larger elements become; not below `minVal`. Default: 1. */
  readonly maxVal?: number;
}

/** The options of `hardtanh`, filled in and checked. */
export function hardtanhBounds(op: string, options: HardtanhOptions | undefined): Required<HardtanhOptions> {
  const { minVal = -1, maxVal = 1 } = optionsOf(op, options, { minVal: "number", maxVal: "number" });
  if (minVal > maxVal) throw wrongValue(op, `maxVal of ${minVal} or more`, maxVal);
  return { minVal, maxVal };
}

/** Refuses the alpha that `celu` would divide by. */
export function checkCeluAlpha(op: string, alpha: number): void {
  if (alpha === 0) throw wrongValue(op, "alpha other than 0", alpha);
}

/**
 * min(max(x, 0), 6), element by element. Mirrors [torch.nn.functional.relu6](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html).
 *
 * @param input Any shape.
 */
export function relu6(input: Tensor): Tensor {
  return hardtanhOf(checkActivation("relu6", input), { minVal: 0, maxVal: 6 });
}

/**
 * x cut to [`minVal`, `maxVal`]; at the bounds and beyond the gradient is 0. Mirrors
 * [torch.nn.functional.hardtanh](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html).
 *
 * @param input Any shape.
 * @param options `minVal`: default -1. `maxVal`: default 1.
 * @throws RangeError for bounds in the wrong order.
 */
export function hardtanh(input: Tensor, options?: HardtanhOptions): Tensor {
  const bounds = hardtanhBounds("hardtanh", options);
  return hardtanhOf(checkActivation("hardtanh", input), bounds);
}

/**
 * x / 6 + 1/2 cut to [0, 1]: a sigmoid of straight lines. Mirrors
 * [torch.nn.functional.hardsigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html).
 *
 * @param input Any shape.
 */
export function hardsigmoid(input: Tensor): Tensor {
  return hardsigmoidOf(checkActivation("hardsigmoid", input), null);
}

/**
 * x hardsigmoid(x) (Howard et al., [2019](https://arxiv.org/abs/1905.02244)). Mirrors
 * [torch.nn.functional.hardswish](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html).
 *
 * @param input Any shape.
 */
export function hardswish(input: Tensor): Tensor {
  return hardswishOf(checkActivation("hardswish", input), null);
}

/**
 * x tanh(softplus(x)) (Misra, [2019](https://arxiv.org/abs/1908.08681)). Mirrors
 * [torch.nn.functional.mish](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html).
 *
 * @param input Any shape.
 */
export function mish(input: Tensor): Tensor {
  return mishOf(checkActivation("mish", input), null);
}

/**
 * x where positive, `alpha` (e^(x / alpha) - 1) elsewhere. Mirrors [torch.nn.functional.celu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html).
 *
 * @param input Any shape.
 * @param options `alpha`: default 1.
 * @throws RangeError for an alpha of 0.
 */
export function celu(input: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha = 1 } = optionsOf<{ alpha?: number }>("celu", options, { alpha: "number" });
  checkCeluAlpha("celu", alpha);
  return celuOf(checkActivation("celu", input), alpha);
}

/**
 * x where positive, `weight` x elsewhere, with a weight that is learned. Mirrors [torch.nn.functional.prelu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html).
 *
 * @param input `[N, C, ...]`, or any shape beside a single weight.
 * @param weight `[C]` or `[1]`; also `[]`.
 * @throws ShapeError for another number of weights, TypeError for integers.
 * @example
 * ```ts
 * console.log(F.prelu(tensor([[-2, 4]]), tensor([0.5, 1])).dataSync().join(" ")); // -1 4
 * ```
 */
export function prelu(input: Tensor, weight: Tensor): Tensor {
  const x = checkActivation("prelu", input);
  const w = checkTensor("prelu", weight, "weight");
  checkFloating("prelu", w.dtype);
  checkInputs("prelu", [x, w]);
  const { sizes } = x;
  const channels = sizes.length > 1 ? (sizes[1] as number) : 1;
  if (w.sizes.length > 1 || (w.size !== 1 && w.size !== channels)) {
    const detail = `expected weight of shape [1]${channels === 1 ? "" : ` or [${channels}]`}, got ${formatShape(w.sizes)} for ${formatShape(sizes)}`;
    throw new ShapeError("prelu", [sizes, w.sizes], detail);
  }
  return composed(() => {
    const isPositive = x.gt(0);
    const slope = w.reshape(sizes.map((_, i) => (i === 1 ? w.size : 1)));
    // Infinite ones are left out of the product: its gradient by the weight would be NaN.
    return x.where(isPositive, where(isPositive, 0, x).mul(slope));
  });
}

/**
 * x / (1 + |x|), in (-1, 1). Mirrors [torch.nn.functional.softsign](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html).
 *
 * @param input Any shape.
 */
export function softsign(input: Tensor): Tensor {
  const x = checkActivation("softsign", input);
  return composed(() => x.div(x.abs().add(1)));
}

/**
 * The logarithm of the sigmoid, without underflow. Mirrors [torch.nn.functional.logsigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html).
 *
 * @param input Any shape.
 */
export function logSigmoid(input: Tensor): Tensor {
  const x = checkActivation("logSigmoid", input);
  return composed(() => unary.softplus(x.neg()).neg());
}

/**
 * The first half times the sigmoid of the second: gated linear units (Dauphin et al., [2016](https://arxiv.org/abs/1612.08083)). Mirrors
 * [torch.nn.functional.glu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html).
 *
 * @param input Any shape with a dimension of even size.
 * @param options `dim`: which one is halved; default -1.
 * @throws ShapeError for an odd size or a scalar, RangeError for a dim that is not there.
 */
export function glu(input: Tensor, options?: { dim?: number }): Tensor {
  const { dim = -1 } = optionsOf<{ dim?: number }>("glu", options, { dim: "any" });
  const x = checkActivation("glu", input);
  const at = normalizeDim("glu", dim, x.sizes.length);
  const size = x.sizes[at];
  if (size === undefined || size % 2 !== 0) {
    throw new ShapeError("glu", [x.sizes], `expected an even size of dim ${at}, got ${formatShape(x.sizes)}`);
  }
  return composed(() => x.slice(at, 0, size / 2).mul(unary.sigmoid(x.slice(at, size / 2))));
}

// --- internal helpers: slopes at the kinks are PyTorch's ---

const hardtanhOf = /* @__PURE__ */ formula<Required<HardtanhOptions>>("hardtanh", {
  value: (x, { minVal, maxVal }) => x.clamp({ min: minVal, max: maxVal }),
  // 0 at the bounds; NaN passes the gradient on.
  derivative: (x, { minVal, maxVal }) => where(x.le(minVal), 0, where(x.ge(maxVal), 0, constantLike(x, 1))),
});

const hardsigmoidOf = /* @__PURE__ */ formula<null>("hardsigmoid", {
  value: (x) => x.add(3).clamp({ min: 0, max: 6 }).div(6),
  derivative: (x) => where(x.gt(-3), where(x.lt(3), constantLike(x, 1 / 6), 0), 0),
});

const hardswishOf = /* @__PURE__ */ formula<null>("hardswish", {
  value: (x) => x.add(3).clamp({ min: 0, max: 6 }).mul(x).div(6),
  derivative: (x) => where(x.le(-3), 0, where(x.lt(3), x.div(3).add(0.5), 1)),
});

/** With t = tanh(softplus(x)): x t, and t + x (1 - t^2) sigmoid(x). */
const mishOf = /* @__PURE__ */ formula<null>("mish", {
  part: (x) => unary.tanh(unary.softplus(x)),
  value: (x, _, t) => x.mul(t),
  derivative: (x, _, t) => x.mul(t.mul(t).neg().add(1)).mul(unary.sigmoid(x)).add(t),
});

/** Positive numbers are left out of the exponentials, where they would overflow. */
const celuOf = /* @__PURE__ */ formula<number>("celu", {
  value: (x, alpha) => where(x.le(0), unary.expm1(x.where(x.le(0), 0).div(alpha)).mul(alpha), x),
  derivative: (x, alpha) => where(x.le(0), x.where(x.le(0), 0).div(alpha).exp(), 1),
});
