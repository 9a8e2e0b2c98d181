import { type Bin, type CalibrationErrorOptions, ConfidenceBins } from "./confidence-bins";

/**
 * The expected calibration error (Guo et al., [2017](https://arxiv.org/abs/1706.04599)): by how much a model's confidence, the largest of its probabilities, differs
 * from the share of the targets that it gets right, over bins of confidence `(low, high]`, weighted by how many are in them. Mirrors
 * [torchmetrics.CalibrationError](https://lightning.ai/docs/torchmetrics/stable/classification/calibration_error.html) with its `norm="l1"`, whose bins are
 * `[low, high)` and which keeps every confidence; here they are added up in steps of 2^-24, so that batches may be cut anyhow for the same bits, in memory of 360
 * bytes, and as many again for every 8 million targets.
 *
 * Outputs are logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`, of which `update` takes the softmax (of probabilities `p`, pass `p.log()`), and targets as for `Accuracy`.
 * NaN where an output was NaN.
 *
 * @throws RangeError for an `nBins` that is no positive integer; from `update` as for `Accuracy`.
 * @example
 * ```ts
 * const error = new CalibrationError();
 * error.update(zeros([4, 2]), tensor(new Int32Array([0, 0, 0, 1]))); // sure by a half, right in three of four
 * console.log(await error.compute()); // 0.25
 * ```
 */
export class CalibrationError extends ConfidenceBins<number> {
  /** @param options Default: 15 bins; -100 is ignored. */
  constructor(options?: CalibrationErrorOptions) {
    super("CalibrationError", options);
  }

  /** @internal */
  protected override valueOfBins(bins: readonly Bin[]): number {
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return sum(bins.map(({ right, confidence }) => Math.abs(right - confidence))) / sum(bins.map(({ count }) => count));
  }
}
