import { softmax } from "../../functional/activations";
import { valuesBeside } from "../../ops/values-beside";
import type { Tensor } from "../../tensor/tensor";
import { MeanOverTargets } from "./mean-over-targets";
import type { ByClass, IgnoreOptions } from "./predictions";

/**
 * The mean squared distance of a model's probabilities from the truth, summed over the classes as Brier
 * ([1950](https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2)) has it: 0 for a model that is sure and right, 2 for one that is sure and wrong. For two classes it is
 * twice what scikit-learn's `brier_score_loss` gives. A proper score, which a single sure mistake does not make infinite.
 *
 * Outputs, targets and sums are those of `NegativeLogLikelihood`.
 *
 * @throws As `NegativeLogLikelihood`.
 * @example
 * ```ts
 * const brier = new BrierScore();
 * brier.update(zeros([4, 2]), tensor(new Int32Array([0, 0, 0, 1]))); // a half for each class
 * console.log(await brier.compute()); // 0.5
 * ```
 */
export class BrierScore extends MeanOverTargets {
  /** @param options Default: -100 is ignored. */
  constructor(options?: IgnoreOptions) {
    super("BrierScore", options);
  }

  /** @internal */
  protected override scores({ logits, classes }: ByClass): Tensor {
    const p = softmax(logits(), { dim: 1 });
    const places = Int32Array.from({ length: p.sizes[1] as number }, (_, i) => i);
    return p
      .sub(classes().unsqueeze(1).eq(valuesBeside(p, places)))
      .pow(2)
      .sum({ dim: 1 });
  }
}
