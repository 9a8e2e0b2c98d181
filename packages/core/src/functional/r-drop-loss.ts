import { composed } from "../autograd/scope";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { logSoftmax } from "./activations";
import { crossEntropy } from "./losses-classes";
import { klDivLoss } from "./losses-distributions";
import { checkAlike } from "./losses-shared";

/** Options of `rDropLoss`. */
export interface RDropOptions {
  /** The weight of the divergence. Default: 5, the paper's for translation; for classification it has 0.1 to 1. */
  readonly alpha?: number;
}

/** The options that it has. */
export const R_DROP: OptionKinds<RDropOptions> = { alpha: "number" };

/**
 * R-Drop (Wu et al., [2021](https://arxiv.org/abs/2106.14448)): the same rows go through the model twice, under two masks, and both outputs are to say the
 * same. The sum of both cross entropies, and `alpha` times half the sum of the Kullback-Leibler divergences in both directions, each the mean over rows. PyTorch has no
 * such function. The snippet of the authors has the mean of both cross entropies, and sums the divergences over rows: with their `alpha` it is half of this loss
 * with `2 * rows * alpha`.
 *
 * @param first Logits `(N, C)` or `(N, C, ...)` of the first pass; float32 or float64.
 * @param second Those of the second, of the same shape.
 * @param target int32 classes, or probabilities, as for `crossEntropy`.
 * @param options `alpha`: default 5.
 * @returns A scalar.
 * @throws RangeError for an alpha below 0; else as `crossEntropy`.
 * @example
 * ```ts
 * manualSeed(0);
 * const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.3));
 * const [x, target] = [ones([2, 4]), tensor(new Int32Array([0, 2]))];
 * const loss = F.rDropLoss(model.forward(x), model.forward(x), target, { alpha: 1 });
 * console.log(loss.shape, loss.itemSync() > 0); // [] true
 * ```
 */
export function rDropLoss(first: Tensor, second: Tensor, target: Tensor, options?: RDropOptions): Tensor {
  const { alpha = 5 } = optionsOf<RDropOptions>("rDropLoss", options, R_DROP);
  checkAlpha("rDropLoss", alpha);
  const [a, b] = checkAlike("rDropLoss", ["first", "second"] as const, [first, second]);
  return composed(() => {
    const both = crossEntropy(a, target).add(crossEntropy(b, target));
    const [p, q] = [logSoftmax(a, { dim: 1 }), logSoftmax(b, { dim: 1 })];
    const rows = a.size / (a.sizes[1] as number);
    const apart = klDivLoss(p, q, { reduction: "sum", logTarget: true }).add(klDivLoss(q, p, { reduction: "sum", logTarget: true }));
    return both.add(apart.mul(alpha / (2 * rows)));
  });
}

/** Refuses a weight below 0. */
export function checkAlpha(op: string, alpha: number): void {
  if (!(alpha >= 0 && alpha < Number.POSITIVE_INFINITY)) throw wrongValue(op, "a finite alpha of 0 or more", alpha);
}
