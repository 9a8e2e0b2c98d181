import { logSoftmax } from "../../functional/activations";
import { gather } from "../../ops/gather";
import type { Tensor } from "../../tensor/tensor";
import { MeanOverTargets } from "./mean-over-targets";
import type { ByClass, IgnoreOptions } from "./predictions";

/**
 * The mean of minus the logarithm of the probability that a model gave to the right class, in nats: `crossEntropy` over all batches, where every target counts alike, also where
 * batches are of several sizes. A proper score: it is the least, in the mean, for the true probabilities.
 *
 * Outputs are logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`, of which `update` takes the softmax (of probabilities `p`, such as the mean of `monteCarlo`, pass `p.log()`), and
 * targets as for `Accuracy`. Added up in steps of 2^-24, for the same bits however batches are cut. NaN where an output was NaN, infinite where the right class had probability 0.
 *
 * @throws TypeError and RangeError for options; from `update` as for `Accuracy`.
 * @example
 * ```ts
 * const nll = new NegativeLogLikelihood();
 * nll.update(zeros([4, 2]), tensor(new Int32Array([0, 0, 0, 1]))); // a half for each class
 * console.log((await nll.compute()).toFixed(4)); // 0.6931
 * ```
 */
export class NegativeLogLikelihood extends MeanOverTargets {
  /** @param options Default: -100 is ignored. */
  constructor(options?: IgnoreOptions) {
    super("NegativeLogLikelihood", options);
  }

  /** @internal */
  protected override scores({ logits, classes }: ByClass): Tensor {
    return gather(logSoftmax(logits(), { dim: 1 }), 1, classes().unsqueeze(1))
      .squeeze(1)
      .neg();
  }
}
