import { composed } from "../autograd/scope";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { softplus } from "../ops/unary";
import type { Tensor } from "../tensor/tensor";
import { lossesOfLogits, lossesOfProbabilities } from "./binary-cross-entropy";
import { checkAlike, checkReduction, checkWeight, factor, hostElements, type LossOptions, reduced } from "./losses-shared";

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** What each element's loss is multiplied by; broadcasts to the input's shape, and gets no gradient. Default: none. */
  readonly weight?: Tensor | null;
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** What the losses of positive targets are multiplied by, one for each class: above 1 for more recall. Broadcasts as `weight` does. Default: none. */
  readonly posWeight?: Tensor | null;
}

/** The options that these losses have. */
export const BINARY: OptionKinds<BinaryCrossEntropyOptions> = { reduction: "any", weight: "any" };
export const BINARY_WITH_LOGITS: OptionKinds<BinaryCrossEntropyWithLogitsOptions> = { reduction: "any", weight: "any", posWeight: "any" };

/**
 * Cross entropy of probabilities against targets, logarithms bounded at -100; needs a sigmoid before (or use the variant with logits, which is more
 * exact). Mirrors [torch.nn.functional.binary_cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html).
 *
 * @param input Probabilities in [0, 1], any shape; NaN passes.
 * @param target Of the input's shape, in [0, 1].
 * @param options `weight`: of each element. `reduction`: default "mean", over all elements whatever their weight.
 * @throws RangeError for a probability outside [0, 1] on a host-visible backend (elsewhere it gives NaN), ShapeError for a weight that does not broadcast
 *   to the input, else as for `mseLoss`.
 * @example
 * ```ts
 * const loss = F.binaryCrossEntropy(tensor([0.5, 0.5]), tensor([0, 1]));
 * console.log(loss.itemSync().toFixed(4)); // 0.6931
 * ```
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options?: BinaryCrossEntropyOptions): Tensor {
  const op = "binaryCrossEntropy";
  const { reduction = "mean", weight = null } = optionsOf(op, options, BINARY);
  checkReduction(op, reduction);
  const [p, y] = checkAlike(op, ["the input", "the target"] as const, [input, target]);
  const w = checkWeight(op, "weight", weight, p);
  for (const x of [p, y]) {
    for (const value of hostElements(x) ?? []) if (value < 0 || value > 1) throw wrongValue(op, "probabilities in [0, 1]", value, ADVICE);
  }
  return composed(() => reduced(op, weighted(lossesOfProbabilities(p, y), w), reduction));
}

/**
 * Cross entropy of sigmoid(input) against targets, without overflow. Mirrors
 * [torch.nn.functional.binary_cross_entropy_with_logits](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html).
 *
 * @param input Logits, any shape.
 * @param target Of the input's shape, in [0, 1].
 * @param options `weight`: of each element. `posWeight`: of each class, where the target is 1. `reduction`: default "mean".
 * @throws ShapeError for weights that do not broadcast to the input, else as for `mseLoss`.
 * @example
 * ```ts
 * console.log(F.binaryCrossEntropyWithLogits(tensor([0, 0]), tensor([0, 1])).itemSync().toFixed(4)); // 0.6931
 * ```
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options?: BinaryCrossEntropyWithLogitsOptions): Tensor {
  const op = "binaryCrossEntropyWithLogits";
  const { reduction = "mean", weight = null, posWeight = null } = optionsOf(op, options, BINARY_WITH_LOGITS);
  checkReduction(op, reduction);
  const [x, y] = checkAlike(op, ["the input", "the target"] as const, [input, target]);
  const w = checkWeight(op, "weight", weight, x);
  const positive = checkWeight(op, "posWeight", posWeight, x);
  return composed(() => {
    const losses = lossesOfLogits(x, y);
    if (positive === null) return reduced(op, weighted(losses, w), reduction);
    // What the weight is beyond 1, times the loss of a positive target.
    const more = factor(positive, losses)
      .sub(1)
      .mul(y)
      .mul(softplus(x.type(losses.dtype).neg()));
    return reduced(op, weighted(losses.add(more), w), reduction);
  });
}

// --- internal helpers ---

const ADVICE = "use binaryCrossEntropyWithLogits for what no sigmoid was applied to";

function weighted(losses: Tensor, weight: Tensor | null): Tensor {
  return weight === null ? losses : losses.mul(factor(weight, losses));
}
