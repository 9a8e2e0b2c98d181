import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating, isFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { formula } from "../ops/formula";
import { gather } from "../ops/gather";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { logSoftmax } from "./activations";
import { lossesOfLogits, lossesOfProbabilities } from "./binary-cross-entropy";

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

/** Options of `smoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Where the two halves meet; 0 makes it `l1Loss`. Default: 1. */
  readonly beta?: number;
}

/** The options that losses have. */
export const LOSS: OptionKinds<LossOptions> = { reduction: "any" };
export const CROSS_ENTROPY: OptionKinds<CrossEntropyOptions> = { reduction: "any", labelSmoothing: "number" };
export const SMOOTH_L1: OptionKinds<SmoothL1Options> = { reduction: "any", beta: "number" };

/** Refuses anything but the three reductions. */
export function checkReduction(op: string, reduction: unknown): void {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return;
  throw wrongValue(op, 'reduction "mean", "sum" or "none"', reduction);
}

/** Refuses a place where the halves of a smooth loss meet that is below 0. */
export function checkBeta(op: string, beta: number): void {
  if (!(beta >= 0)) throw wrongValue(op, "beta of 0 or more", beta);
}

/** Refuses a share of the target outside [0, 1]. */
export function checkSmoothing(op: string, smoothing: number): void {
  if (!(smoothing >= 0 && smoothing <= 1)) throw wrongValue(op, "labelSmoothing in [0, 1]", smoothing);
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
export function binaryCrossEntropy(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  return elementwise("binaryCrossEntropy", input, target, options, lossesOfProbabilities);
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
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  return elementwise("binaryCrossEntropyWithLogits", input, target, options, lossesOfLogits);
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
  const { reduction = "mean" } = optionsOf("nllLoss", options, LOSS);
  checkReduction("nllLoss", reduction);
  const { x, classes, dim } = checkClasses("nllLoss", input, target);
  return composed(() => reduced("nllLoss", picked(x, classes, dim), reduction));
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
  const { reduction = "mean", labelSmoothing = 0 } = optionsOf("crossEntropy", options, CROSS_ENTROPY);
  checkReduction("crossEntropy", reduction);
  checkSmoothing("crossEntropy", labelSmoothing);
  const logits = checkTensor("crossEntropy", input);
  const distribution = checkTensor("crossEntropy", target, "the target");
  checkFloating("crossEntropy", logits.dtype);
  checkInputs("crossEntropy", [logits, distribution]);
  if (isFloating(distribution.dtype) && sameShape(logits.sizes, distribution.sizes))
    return probabilities(logits, distribution, reduction, labelSmoothing);
  const { x, classes, dim } = checkClasses("crossEntropy", logits, distribution);
  return composed(() => {
    const logs = logSoftmax(x, { dim });
    const nll = picked(logs, classes, dim);
    if (labelSmoothing === 0) return reduced("crossEntropy", nll, reduction);
    // The smoothed target has 1 - s on the class and s / C on each: a mix of two losses.
    return reduced("crossEntropy", nll.mul(1 - labelSmoothing).add(logs.mean({ dim }).mul(-labelSmoothing)), reduction);
  });
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

/** The dimension of the classes. */
function classDim({ shape }: Tensor): number {
  return shape.length === 1 ? 0 : 1;
}

/** Targets that are distributions themselves; the mean is over samples, not over classes. */
function probabilities(input: Tensor, target: Tensor, reduction: Reduction, smoothing: number): Tensor {
  const dim = classDim(input);
  const classes = input.sizes[dim] as number;
  return composed(() => {
    const smoothed = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classes);
    return reduced("crossEntropy", logSoftmax(input, { dim }).mul(smoothed).sum({ dim }).neg(), reduction);
  });
}

function elementwise(
  op: string,
  input: Tensor,
  target: Tensor,
  options: LossOptions | undefined,
  each: (x: Tensor, y: Tensor) => Tensor,
): Tensor {
  const { reduction = "mean" } = optionsOf(op, options, LOSS);
  checkReduction(op, reduction);
  const x = checkTensor(op, input);
  const y = checkTensor(op, target, "the target");
  if (!sameShape(x.sizes, y.sizes)) {
    const detail = `expected a target of shape ${formatShape(x.sizes)}, got ${formatShape(y.sizes)} - reshape one of them; losses do not broadcast`;
    throw new ShapeError(op, [x.sizes, y.sizes], detail);
  }
  checkInputs(op, [x, y]);
  return composed(() => reduced(op, each(x, y), reduction));
}

function reduced(op: string, values: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return values;
  if (reduction === "mean") checkFloating(op, values.dtype);
  return reduction === "sum" ? values.sum() : values.mean();
}

/** Minus the value at each class. */
function picked(x: Tensor, classes: Tensor, dim: number): Tensor {
  return gather(x, dim, classes.unsqueeze(dim)).squeeze(dim).neg();
}

/** The logits, the classes and the dimension of these, when all fit. */
function checkClasses(op: string, input: Tensor, target: Tensor): { x: Tensor; classes: Tensor; dim: number } {
  const x = checkTensor(op, input);
  const classes = checkTensor(op, target, "the target");
  const dim = classDim(x);
  const expected = x.sizes.filter((_, i) => i !== dim);
  const fits = x.sizes.length > 0 && sameShape(expected, classes.sizes);
  if (!fits) {
    const detail = `expected int32 classes ${formatShape(expected)}${op === "crossEntropy" ? ` or probabilities ${formatShape(x.sizes)}` : ""} for ${formatShape(x.sizes)}, got ${classes.dtype} ${formatShape(classes.sizes)}`;
    throw new ShapeError(op, [x.sizes, classes.sizes], detail);
  }
  if (classes.dtype !== "int32") throw refusal(op, "int32 classes", classes.dtype, 'make them with tensor(labels, { dtype: "int32" })');
  checkFloating(op, x.dtype);
  checkInputs(op, [x, classes]);
  checkClassRange(op, classes, x.sizes[dim] as number);
  return { x, classes, dim };
}

/** Refuses a class that is not there, where the host can look; a device gives NaN in its place. */
function checkClassRange(op: string, classes: Tensor, count: number): void {
  const { view } = classes.storage.device;
  if (view === undefined) return;
  const { storage, offset } = classes.layout;
  const elements = classes.isContiguous() ? view(storage).subarray(offset, offset + classes.size) : classes.dataSync();
  for (const c of elements) if (c < 0 || c >= count) throw wrongValue(op, `classes from 0 to ${count - 1}`, c);
}
