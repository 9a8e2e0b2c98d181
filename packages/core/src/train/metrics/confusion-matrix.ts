import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { addColumns } from "../../ops/gather";
import type { Tensor } from "../../tensor/tensor";
import { type Added, CountingMetric } from "./metric";
import { checkClassCount, checkIgnored, checkThreshold, type PredictionOptions, readPredictions } from "./predictions";

/** Options of ConfusionMatrix. */
export interface ConfusionMatrixOptions extends PredictionOptions {
  /** How many classes there are: 2 with a threshold. */
  readonly numClasses: number;
}

/**
 * How often a model said each class where another was right: `matrix[right][said]`. Mirrors
 * [torchmetrics.ConfusionMatrix](https://lightning.ai/docs/torchmetrics/stable/classification/confusion_matrix.html). Outputs, targets, counts and errors are as for
 * `Accuracy`; where the host cannot look, a class that is not there is left out.
 *
 * @throws RangeError for a `numClasses` that is no positive integer; from `update`: ShapeError for another number of outputs.
 * @example
 * ```ts
 * const matrix = new ConfusionMatrix({ numClasses: 2 });
 * matrix.update(tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), tensor(new Int32Array([1, 1, 0])));
 * console.log(await matrix.compute()); // [ [ 0, 1 ], [ 1, 1 ] ]
 * ```
 */
export class ConfusionMatrix extends CountingMetric<number[][]> {
  readonly #numClasses: number;
  readonly #threshold: number | null;
  readonly #ignoreIndex: number;

  /** @param options `numClasses`; -100 is ignored by default. */
  constructor(options: ConfusionMatrixOptions) {
    super(OP);
    const given = optionsOf<ConfusionMatrixOptions>(OP, options, OPTIONS);
    const { numClasses } = given;
    checkInteger(OP, "numClasses", numClasses, 1);
    if (numClasses > MAX_CLASSES) throw wrongValue(OP, `numClasses of at most ${MAX_CLASSES}`, numClasses);
    this.#numClasses = numClasses;
    this.#threshold = checkThreshold(OP, given.threshold);
    if (this.#threshold !== null && numClasses !== 2) throw wrongValue(OP, "numClasses of 2 with a threshold", numClasses);
    this.#ignoreIndex = checkIgnored(OP, given);
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const size = this.#numClasses;
    const read = readPredictions(OP, output, target, this.#threshold, this.#ignoreIndex);
    if (this.#threshold === null) checkClassCount(OP, output, size);
    return {
      most: read.size,
      counts() {
        const right = read.classes();
        const isThere = right.ge(0).mul(right.lt(size));
        const place = right.mul(size).add(read.predicted()).mul(isThere);
        return addColumns(read.counted().mul(isThere).unsqueeze(0), place, size * size).squeeze(0);
      },
    };
  }

  /** @internal */
  protected override valueFrom(counts: readonly number[]): number[][] {
    const size = this.#numClasses;
    return Array.from({ length: size }, (_, row) => counts.slice(row * size, (row + 1) * size));
  }
}

// --- internal helpers ---

const OP = "ConfusionMatrix";
const OPTIONS: OptionKinds<ConfusionMatrixOptions> = { numClasses: "any", threshold: "any", ignoreIndex: "any" };

/** The square of more has no place in int32. */
const MAX_CLASSES = 2 ** 15;
