import { type Bin, type CalibrationErrorOptions, ConfidenceBins } from "./confidence-bins";

/** A row of a ReliabilityTable: the targets of which the model was as sure as `(low, high]`. */
export interface ReliabilityRow {
  /** The bin's lower end, which is not in it. */
  readonly low: number;
  /** The upper one, which is. */
  readonly high: number;
  /** How many targets there are in it. */
  readonly count: number;
  /** How sure the model was of them, in the mean: NaN where there are none, or an output was NaN. */
  readonly confidence: number;
  /** The share of them that it gets right: NaN where there are none. */
  readonly accuracy: number;
}

/**
 * How often a model is right where it is how sure: a row for each bin of confidence, for the reliability diagram of Guo et al.,
 * [2017](https://arxiv.org/abs/1706.04599). Bins, outputs and targets are those of `CalibrationError`, which is the mean distance of the last two columns.
 *
 * @throws As `CalibrationError`.
 * @example
 * ```ts
 * const table = new ReliabilityTable({ nBins: 2 });
 * table.update(tensor([[2, 0], [3, 0], [0, 0]]), tensor(new Int32Array([0, 1, 0])));
 * const rows = await table.compute();
 * console.log(rows.map(({ high, count, accuracy }) => `${high}: ${accuracy} of ${count}`).join()); // 0.5: 1 of 1,1: 0.5 of 2
 * ```
 */
export class ReliabilityTable extends ConfidenceBins<ReliabilityRow[]> {
  /** @param options Default: 15 bins; -100 is ignored. */
  constructor(options?: CalibrationErrorOptions) {
    super("ReliabilityTable", options);
  }

  /** @internal */
  protected override valueOfBins(bins: readonly Bin[]): ReliabilityRow[] {
    return bins.map(({ count, right, confidence }, i) => ({
      low: i / bins.length,
      high: (i + 1) / bins.length,
      count,
      confidence: confidence / count,
      accuracy: right / count,
    }));
  }
}
