import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating, isFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { gather } from "../ops/gather";
import { minusMeanOfPicked } from "../ops/mean-of-picked";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { logSoftmax } from "./activations";
import { checkReduction, factor, hostElements, type LossOptions, type Reduction, reduced } from "./losses-shared";

/** Options of `nllLoss`. */
export interface NllOptions extends LossOptions {
  /** What the losses of each class are multiplied by, `[C]`; the mean is then by weight. It gets no gradient. Default: none. */
  readonly weight?: Tensor | null;
  /** The class whose samples count for nothing; it need not be in [0, C). Default: -100. */
  readonly ignoreIndex?: number;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends NllOptions {
  /** How much of the target is spread evenly over all classes, in [0, 1]. Default: 0. */
  readonly labelSmoothing?: number;
}

/** The options that these losses have. */
export const NLL: OptionKinds<NllOptions> = { reduction: "any", weight: "any", ignoreIndex: "any" };
export const CROSS_ENTROPY: OptionKinds<CrossEntropyOptions> = {
  reduction: "any",
  weight: "any",
  ignoreIndex: "any",
  labelSmoothing: "number",
};

/** Refuses a share of the target outside [0, 1]. */
export function checkSmoothing(op: string, smoothing: number): void {
  if (!(smoothing >= 0 && smoothing <= 1)) throw wrongValue(op, "labelSmoothing in [0, 1]", smoothing);
}

/**
 * Minus the log-probability of each target class. Mirrors [torch.nn.functional.nll_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html).
 *
 * @param input Log-probabilities, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
 * @param target int32 classes in [0, C) or `ignoreIndex`, of the same shape without C.
 * @param options `weight`: of each class, default none. `ignoreIndex`: default -100. `reduction`: default "mean", over the samples that count, by weight:
 *   NaN where all are ignored, as in PyTorch.
 * @throws As for `crossEntropy`.
 * @example
 * ```ts
 * const logProbabilities = F.logSoftmax(zeros([2, 4]), { dim: 1 });
 * console.log(F.nllLoss(logProbabilities, tensor(new Int32Array([0, 3]))).itemSync().toFixed(4)); // 1.3863
 * ```
 */
export function nllLoss(input: Tensor, target: Tensor, options?: NllOptions): Tensor {
  const { reduction = "mean", weight = null, ignoreIndex = IGNORED } = optionsOf("nllLoss", options, NLL);
  checkReduction("nllLoss", reduction);
  checkInteger("nllLoss", "ignoreIndex", ignoreIndex);
  const targets = checkClasses("nllLoss", input, target, weight, ignoreIndex);
  return composed(() => lossOfClasses("nllLoss", targets.x, targets, reduction, 0));
}

/**
 * Softmax and minus the log-probability of the target, in one. Mirrors [torch.nn.functional.cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html).
 *
 * @param input Logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
 * @param target int32 classes in [0, C) or `ignoreIndex`, of the same shape without C, or float probabilities of the input's shape.
 * @param options `weight`: of each class, `[C]`, default none. `ignoreIndex`: default -100. `labelSmoothing`: in [0, 1], default 0. `reduction`: default
 *   "mean", over the samples that count, by the weight of their class (NaN where all are ignored, as in PyTorch); of probabilities over all samples.
 * @throws ShapeError for shapes that do not fit; TypeError for classes that are not int32; RangeError for options out of range, an `ignoreIndex` of 0
 *   or more beside probabilities, and, on a host-visible backend, for a class outside [0, C).
 * @example
 * ```ts
 * const loss = F.crossEntropy(zeros([3, 4]), tensor(new Int32Array([0, 3, -100]))); // the last sample is ignored
 * console.log(loss.itemSync().toFixed(4)); // 1.3863
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  const op = "crossEntropy";
  const { reduction = "mean", weight = null, ignoreIndex = IGNORED, labelSmoothing = 0 } = optionsOf(op, options, CROSS_ENTROPY);
  checkReduction(op, reduction);
  checkInteger(op, "ignoreIndex", ignoreIndex);
  checkSmoothing(op, labelSmoothing);
  const logits = checkTensor(op, input);
  const distribution = checkTensor(op, target, "the target");
  checkFloating(op, logits.dtype);
  checkInputs(op, [logits, distribution]);
  if (isFloating(distribution.dtype) && sameShape(logits.sizes, distribution.sizes) && logits.sizes.length > 0) {
    if (ignoreIndex >= 0) throw wrongValue(op, "ignoreIndex below 0 beside probabilities", ignoreIndex, "they have no classes to ignore");
    return probabilities(logits, distribution, checkClassWeight(op, logits, weight), reduction, labelSmoothing);
  }
  const targets = checkClasses(op, logits, distribution, weight, ignoreIndex);
  return composed(() => lossOfClasses(op, logSoftmax(targets.x, { dim: targets.dim }), targets, reduction, labelSmoothing));
}

/** PyTorch's class that counts for nothing. */
export const IGNORED = -100;

/** What a loss or a metric by classes is computed from, when all fits. */
export interface Classes {
  readonly x: Tensor;
  readonly classes: Tensor;
  /** The dimension of the classes. */
  readonly dim: number;
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  /** Whether a sample may be ignored: false only where the host looked, and saw none. */
  readonly mayIgnore: boolean;
}

/** The logits, the classes and all beside them, when they fit. */
export function checkClasses(op: string, input: Tensor, target: Tensor, weight: Tensor | null, ignoreIndex: number): Classes {
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
  const ofClass = checkClassWeight(op, x, weight);
  return { x, classes, dim, weight: ofClass, ignoreIndex, mayIgnore: lookForIgnored(op, classes, x.sizes[dim] as number, ignoreIndex) };
}

// --- internal helpers ---

function lossOfClasses(op: string, logs: Tensor, targets: Classes, reduction: Reduction, smoothing: number): Tensor {
  const { classes: given, dim, weight: ofClass, ignoreIndex, mayIgnore } = targets;
  const isPlain = reduction === "mean" && smoothing === 0 && ofClass === null && given.size > 0;
  // The host has looked at the classes exactly where it sees the memory.
  if (isPlain && !mayIgnore) return minusMeanOfPicked(logs, dim, given);
  const counts = mayIgnore ? given.ne(ignoreIndex) : null;
  const only = (x: Tensor) => (counts === null ? x : x.where(counts, 0));
  const classes = only(given);
  const w = ofClass === null ? null : factor(ofClass, logs);
  const perSample = w === null ? null : only(gather(w, 0, classes.reshape([-1])).reshape(classes.sizes));
  const picked = only(gather(logs, dim, classes.unsqueeze(dim)).squeeze(dim).neg());
  let losses = perSample === null ? picked : picked.mul(perSample);
  if (smoothing > 0) {
    // The smoothed target has 1 - s on the class and s / C on each: a mix of two losses.
    const spread = w === null ? logs.mean({ dim }) : logs.mul(alongClasses(w, logs, dim)).mean({ dim });
    losses = losses.mul(1 - smoothing).add(only(spread.mul(-smoothing)));
  }
  if (reduction !== "mean") return reduced(op, losses, reduction);
  const share = perSample ?? counts?.type(losses.dtype);
  return share === undefined ? losses.mean() : losses.sum().div(share.sum());
}

/** Targets that are distributions themselves; the mean is over samples, not over classes. */
function probabilities(input: Tensor, target: Tensor, weight: Tensor | null, reduction: Reduction, smoothing: number): Tensor {
  const dim = classDim(input);
  const classes = input.sizes[dim] as number;
  return composed(() => {
    const smoothed = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classes);
    const each = logSoftmax(input, { dim }).mul(smoothed);
    const weighted = weight === null ? each : each.mul(alongClasses(factor(weight, each), each, dim));
    return reduced("crossEntropy", weighted.sum({ dim }).neg(), reduction);
  });
}

/** The dimension of the classes. */
function classDim({ sizes }: Tensor): number {
  return sizes.length === 1 ? 0 : 1;
}

/** One value for each class, to broadcast against the logits. */
function alongClasses(weight: Tensor, { sizes }: Tensor, dim: number): Tensor {
  return weight.reshape(sizes.map((size, i) => (i === dim ? size : 1)));
}

/** The weight of each class, when there is one for each. */
function checkClassWeight(op: string, input: Tensor, weight: Tensor | null): Tensor | null {
  if (weight === null) return null;
  const w = checkTensor(op, weight, "weight");
  checkInputs(op, [input, w]);
  const count = input.sizes[classDim(input)] as number;
  if (!sameShape(w.sizes, [count])) {
    throw new ShapeError(
      op,
      [input.sizes, w.sizes],
      `expected weight of shape [${count}], one for each class, got ${formatShape(w.sizes)}`,
    );
  }
  return w;
}

/** Refuses a class that is not there, where the host can look; a device gives NaN in its place. True where a sample is, or may be, ignored. */
function lookForIgnored(op: string, classes: Tensor, count: number, ignoreIndex: number): boolean {
  const elements = hostElements(classes);
  if (elements === undefined) return true;
  let found = false;
  for (const c of elements) {
    if (c === ignoreIndex) found = true;
    else if (c < 0 || c >= count) throw wrongValue(op, `classes from 0 to ${count - 1}`, c);
  }
  return found;
}
