import { composed } from "../autograd/scope";
import { isFloating } from "../dtype/dtype";
import { describe, optionsOf, ShapeError } from "../errors/errors";
import { checkTensor } from "../ops/binary";
import { gather } from "../ops/gather";
import { applyUnary } from "../ops/unary";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { logSoftmax } from "./activations";
import { elementLosses } from "./binary-cross-entropy";

/** How a loss comes out: the mean or sum over all elements, or one value for each. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes. */
export interface LossOptions {
  /** What comes out: `"mean"` or `"sum"`, a scalar, or `"none"`, one value for each element. Default: "mean". */
  readonly reduction?: Reduction;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** How much of the target is spread evenly over all classes, in [0, 1]. Default: 0. */
  readonly labelSmoothing?: number;
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
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return elementwise("mseLoss", input, target, options, () => {
    const difference = input.sub(target);
    return difference.mul(difference);
  });
}

/**
 * Absolute differences. Mirrors [torch.nn.functional.l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape. Errors as for `mseLoss`.
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return elementwise("l1Loss", input, target, options, () => input.sub(target).abs());
}

/**
 * Squared near 0 and absolute beyond `beta`, joined smoothly. Mirrors [torch.nn.functional.smooth_l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html).
 *
 * @param input Any shape; float32 or float64.
 * @param target Of the input's shape.
 * @param options `beta`: default 1; 0 makes it `l1Loss`. `reduction`: default "mean".
 * @throws RangeError for a beta below 0, else as for `mseLoss`.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: LossOptions & { readonly beta?: number }): Tensor {
  const { beta = 1, ...rest } = optionsOf("smoothL1Loss", options);
  if (!(beta >= 0)) throw new RangeError(`smoothL1Loss: expected beta of 0 or more, got ${describe(beta)}`);
  if (beta === 0) return l1Loss(input, target, rest);
  return elementwise("smoothL1Loss", input, target, rest, () => {
    const distance = input.sub(target).abs();
    return distance
      .mul(distance)
      .mul(0.5 / beta)
      .where(distance.lt(beta), distance.sub(0.5 * beta));
  });
}

/**
 * Cross entropy of probabilities against targets, logarithms bounded at -100; needs a sigmoid before (or use the variant with logits, which is more
 * exact). Mirrors [torch.nn.functional.binary_cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html), but
 * that probabilities outside [0, 1] are not looked for.
 *
 * @param input Probabilities in [0, 1], any shape.
 * @param target Of the input's shape, in [0, 1].
 * @param options `reduction`: default "mean".
 * @throws As for `mseLoss`.
 * @example
 * ```ts
 * const loss = F.binaryCrossEntropy(tensor([0.5, 0.5]), tensor([0, 1]));
 * console.log(loss.itemSync().toFixed(4)); // 0.6931
 * ```
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return elementwise("binaryCrossEntropy", input, target, options, () => elementLosses(input, target));
}

/**
 * Cross entropy of sigmoid(input) against targets, without overflow. Mirrors
 * [torch.nn.functional.binary_cross_entropy_with_logits](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html).
 *
 * @param input Logits, any shape.
 * @param target Of the input's shape, in [0, 1].
 * @param options `reduction`: default "mean".
 * @throws As for `mseLoss`.
 * @example
 * ```ts
 * console.log(F.binaryCrossEntropyWithLogits(tensor([0, 0]), tensor([0, 1])).itemSync().toFixed(4)); // 0.6931
 * ```
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return elementwise("binaryCrossEntropyWithLogits", input, target, options, () => applyUnary("softplus", input).sub(input.mul(target)));
}

/**
 * Minus the log-probability of each target class. Mirrors [torch.nn.functional.nll_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html).
 *
 * @param input Log-probabilities, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
 * @param target int32 classes in [0, C), of the same shape without C.
 * @param options `reduction`: default "mean".
 * @throws As for `crossEntropy`.
 * @example
 * ```ts
 * const logProbabilities = F.logSoftmax(zeros([2, 4]), { dim: 1 });
 * console.log(F.nllLoss(logProbabilities, tensor(new Int32Array([0, 3]))).itemSync().toFixed(4)); // 1.3863
 * ```
 */
export function nllLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const { reduction = "mean" } = optionsOf("nllLoss", options);
  checkReduction("nllLoss", reduction);
  const dim = checkClasses("nllLoss", input, target);
  return composed(() => reduced(gather(input, dim, target.unsqueeze(dim)).squeeze(dim).neg(), reduction));
}

/**
 * Softmax and minus the log-probability of the target, in one. Mirrors [torch.nn.functional.cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html).
 *
 * @param input Logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
 * @param target int32 classes in [0, C) of the same shape without C, or float probabilities of the input's shape.
 * @param options `reduction`: default "mean", over samples. `labelSmoothing`: in [0, 1], default 0.
 * @throws ShapeError for shapes that do not fit; TypeError for classes that are not int32; RangeError for options out of range, and, on a host-visible
 *   backend, for a class outside [0, C).
 * @example
 * ```ts
 * const loss = F.crossEntropy(zeros([2, 4]), tensor(new Int32Array([0, 3])));
 * console.log(loss.itemSync().toFixed(4)); // 1.3863
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  const { reduction = "mean", labelSmoothing = 0 } = optionsOf("crossEntropy", options);
  checkReduction("crossEntropy", reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(`crossEntropy: expected labelSmoothing in [0, 1], got ${describe(labelSmoothing)}`);
  }
  const dim = checkTensor("crossEntropy", input).shape.length === 1 ? 0 : 1;
  if (isFloating(checkTensor("crossEntropy", target).dtype)) return probabilities(input, target, dim, reduction, labelSmoothing);
  checkClasses("crossEntropy", input, target);
  return composed(() => {
    const logits = logSoftmax(input, { dim });
    const nll = gather(logits, dim, target.unsqueeze(dim)).squeeze(dim).neg();
    if (labelSmoothing === 0) return reduced(nll, reduction);
    // The smoothed target has 1 - s on the class and s / C on each: a mix of two losses.
    return reduced(nll.mul(1 - labelSmoothing).add(logits.mean({ dim }).mul(-labelSmoothing)), reduction);
  });
}

// --- internal helpers ---

/** Targets that are distributions themselves; the mean is over samples, not over classes. */
function probabilities(input: Tensor, target: Tensor, dim: number, reduction: Reduction, smoothing: number): Tensor {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      "crossEntropy",
      [input.shape, target.shape],
      `expected probabilities of shape ${formatShape(input.shape)}, got ${formatShape(target.shape)}`,
    );
  }
  const classes = input.shape[dim] as number;
  return composed(() => {
    const smoothed = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classes);
    return reduced(logSoftmax(input, { dim }).mul(smoothed).sum({ dim }).neg(), reduction);
  });
}

function elementwise(op: string, input: Tensor, target: Tensor, options: LossOptions, each: () => Tensor): Tensor {
  const { reduction = "mean" } = optionsOf(op, options);
  checkReduction(op, reduction);
  if (!sameShape(checkTensor(op, input).shape, checkTensor(op, target).shape)) {
    const detail = `expected a target of shape ${formatShape(input.shape)}, got ${formatShape(target.shape)} - reshape one of them; losses do not broadcast`;
    throw new ShapeError(op, [input.shape, target.shape], detail);
  }
  return composed(() => reduced(each(), reduction));
}

function reduced(values: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return values;
  return reduction === "sum" ? values.sum() : values.mean();
}

function checkReduction(op: string, reduction: unknown): void {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return;
  throw new RangeError(`${op}: expected reduction "mean", "sum" or "none", got ${describe(reduction)}`);
}

/** The class dimension, when the shapes fit. */
function checkClasses(op: string, input: Tensor, target: Tensor): number {
  const dim = checkTensor(op, input).shape.length === 1 ? 0 : 1;
  checkTensor(op, target);
  const expected = input.shape.filter((_, i) => i !== dim);
  if (input.shape.length === 0 || !sameShape(expected, target.shape)) {
    const detail = `expected logits [N, C] and classes [N], got ${formatShape(input.shape)} and ${formatShape(target.shape)}`;
    throw new ShapeError(op, [input.shape, target.shape], detail);
  }
  if (target.dtype !== "int32")
    throw new TypeError(`${op}: expected int32 classes, got ${target.dtype} - make them with new Int32Array([...])`);
  return dim;
}
