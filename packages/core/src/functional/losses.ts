import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { formula } from "../ops/formula";
import type { Tensor } from "../tensor/tensor";
import { elementwise, type LossOptions } from "./losses-shared";

/** Options of `smoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Where the two halves meet; 0 makes it `l1Loss`. Default: 1. */
  readonly beta?: number;
}

/** Options of `huberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Where the two halves meet, above 0. Default: 1. */
  readonly delta?: number;
}

/** The options that these losses have. */
export const SMOOTH_L1: OptionKinds<SmoothL1Options> = { reduction: "any", beta: "number" };
export const HUBER: OptionKinds<HuberOptions> = { reduction: "any", delta: "number" };

/** Refuses a place where the halves of a smooth loss meet that is below 0. */
export function checkBeta(op: string, beta: number): void {
  if (!(beta >= 0)) throw wrongValue(op, "beta of 0 or more", beta);
}

/** The same for one that divides. */
export function checkDelta(op: string, delta: number): void {
  if (!(delta > 0)) throw wrongValue(op, "delta above 0", delta);
}

/**
 * Squared differences. Mirrors [torch.nn.functional.mse_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape: losses do not broadcast.
 * @param options `reduction`: default "mean".
 * @throws ShapeError for different shapes, RangeError for another reduction, TypeError for what is no tensor.
 * @example
 * ```ts
 * console.log(F.mseLoss(tensor([1, 2]), tensor([1, 4])).itemSync()); // 2
 * ```
 */
export function mseLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  return elementwise("mseLoss", input, target, options, (x, y) => {
    const difference = x.sub(y);
    return difference.mul(difference);
  });
}

/**
 * Absolute differences. Mirrors [torch.nn.functional.l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape. Errors as for `mseLoss`.
 */
export function l1Loss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  return elementwise("l1Loss", input, target, options, (x, y) => x.sub(y).abs());
}

/**
 * Squared near 0 and absolute beyond `beta`, joined smoothly. Mirrors [torch.nn.functional.smooth_l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape.
 * @param options `beta`: default 1; 0 makes it `l1Loss`. `reduction`: default "mean".
 * @throws RangeError for a beta below 0, else as for `mseLoss`.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: SmoothL1Options): Tensor {
  const { beta = 1, reduction } = optionsOf("smoothL1Loss", options, SMOOTH_L1);
  checkBeta("smoothL1Loss", beta);
  return elementwise("smoothL1Loss", input, target, { reduction }, (x, y) => {
    const difference = x.sub(y);
    return beta === 0 ? difference.abs() : smoothAbs(difference, beta);
  });
}

/**
 * Half the square up to `delta`, and from there on absolute, joined smoothly: `smoothL1Loss` with beta `delta`, times `delta`. Mirrors
 * [torch.nn.functional.huber_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape.
 * @param options `delta`: default 1. `reduction`: default "mean".
 * @throws RangeError for a delta that is not above 0, else as for `mseLoss`.
 * @example
 * ```ts
 * console.log(F.huberLoss(tensor([0, 3]), tensor([1, 0]), { reduction: "sum" }).itemSync()); // 3
 * ```
 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberOptions): Tensor {
  const { delta = 1, reduction } = optionsOf("huberLoss", options, HUBER);
  checkDelta("huberLoss", delta);
  return elementwise("huberLoss", input, target, { reduction }, (x, y) => smoothAbs(x.sub(y), delta).mul(delta));
}

// --- internal helpers ---

/** x^2 / (2 beta) between -beta and beta, |x| - beta / 2 beyond. */
const smoothAbs = /* @__PURE__ */ formula<number>("smoothL1Loss", {
  value(x, beta) {
    const size = x.abs();
    return size
      .mul(size)
      .mul(0.5 / beta)
      .where(size.lt(beta), size.sub(0.5 * beta));
  },
  derivative: (x, beta) => x.clamp({ min: -beta, max: beta }).div(beta),
});
