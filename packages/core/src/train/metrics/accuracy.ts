import { type OptionKinds, optionsOf } from "../../errors/options";
import { stack } from "../../ops/cat";
import type { Tensor } from "../../tensor/tensor";
import { type Added, CountingMetric } from "./metric";
import { type ByClass, checkIgnored, checkThreshold, type PredictionOptions, readPredictions } from "./predictions";

/** What is a share of the targets: counts of right ones and of all. */
export abstract class Share extends CountingMetric<number> {
  /** @internal */
  protected override valueFrom([right, all]: readonly [number, number]): number {
    return right / all;
  }
}

/** The counts of a share, of which `right`, bool `[size]`, says who is in. */
export function shareOf({ size, counted }: Pick<ByClass, "size" | "counted">, right: () => Tensor): Added {
  return {
    most: size,
    counts() {
      const all = counted();
      return stack([right().mul(all), all]).sum({ dim: 1 });
    },
  };
}

/**
 * The share of the targets that a model gets right. Mirrors
 * [torchmetrics.Accuracy](https://lightning.ai/docs/torchmetrics/stable/classification/accuracy.html) with its `average="micro"`.
 *
 * Outputs are logits or probabilities `[N, C]`, `[C]` or `[N, C, d1, ...]`, of which the first of the largest counts, and targets int32 classes of that shape without
 * C; with `threshold`, both are of one shape, and targets 0 or 1 of any dtype. Counts are exact, and the memory for them the same for any number of batches.
 *
 * @throws TypeError and RangeError for options; from `update`: ShapeError and TypeError for what does not fit, and, on a host-visible backend, RangeError for a class
 *   that is not there (elsewhere it counts as wrong). Where all targets are ignored, the value is NaN.
 * @example
 * ```ts
 * const accuracy = new Accuracy();
 * accuracy.update(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor(new Int32Array([1, 1])));
 * accuracy.update(tensor([[0.3, 0.7], [0.6, 0.4]]), tensor(new Int32Array([1, 0])));
 * console.log(await accuracy.compute()); // 0.75
 * ```
 */
export class Accuracy extends Share {
  readonly #threshold: number | null;
  readonly #ignoreIndex: number;

  /** @param options Default: a value for each class; -100 is ignored. */
  constructor(options?: PredictionOptions) {
    super(OP);
    const given = optionsOf<PredictionOptions>(OP, options, OPTIONS);
    this.#threshold = checkThreshold(OP, given.threshold);
    this.#ignoreIndex = checkIgnored(OP, given);
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const read = readPredictions(OP, output, target, this.#threshold, this.#ignoreIndex);
    return shareOf(read, () => read.predicted().eq(read.classes()));
  }
}

// --- internal helpers ---

const OP = "Accuracy";
const OPTIONS: OptionKinds<PredictionOptions> = { threshold: "any", ignoreIndex: "any" };
