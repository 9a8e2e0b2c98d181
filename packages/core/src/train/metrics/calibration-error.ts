import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { softmax } from "../../functional/activations";
import { stack } from "../../ops/cat";
import { addColumns } from "../../ops/gather";
import { valuesBeside } from "../../ops/values-beside";
import type { Tensor } from "../../tensor/tensor";
import { type Added, CountingMetric } from "./metric";
import { checkIgnored, type IgnoreOptions, readClasses } from "./predictions";

/** Options of CalibrationError. */
export interface CalibrationErrorOptions extends IgnoreOptions {
  /** How many bins of confidence there are, of the same width. Default: 15. */
  readonly nBins?: number;
}

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
export class CalibrationError extends CountingMetric<number> {
  readonly #bounds: Float32Array;
  readonly #ignoreIndex: number;

  /** @param options Default: 15 bins; -100 is ignored. */
  constructor(options?: CalibrationErrorOptions) {
    super(OP);
    const given = optionsOf<CalibrationErrorOptions>(OP, options, OPTIONS);
    const { nBins = 15 } = given;
    checkInteger(OP, "nBins", nBins, 1);
    if (nBins > MAX_BINS) throw wrongValue(OP, `nBins of at most ${MAX_BINS}`, nBins);
    this.#ignoreIndex = checkIgnored(OP, given);
    this.#bounds = Float32Array.from({ length: nBins - 1 }, (_, i) => (i + 1) / nBins);
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const read = readClasses(OP, output, target, this.#ignoreIndex);
    const bounds = this.#bounds;
    return {
      most: read.size * MAX_DIGIT,
      counts() {
        const probabilities = softmax(read.logits(), { dim: 1 });
        const confidence = probabilities.amax({ dim: 1 });
        const right = probabilities.argmax({ dim: 1 }).eq(read.classes());
        const bin = confidence.unsqueeze(1).gt(valuesBeside(confidence, bounds)).sum({ dim: 1 });
        const counted = read.counted();
        const rows = [counted, right, ...digitsOf(confidence), confidence.ne(confidence)].map((row) => row.mul(counted));
        return addColumns(stack(rows), bin, bounds.length + 1).reshape([-1]);
      },
    };
  }

  /** @internal */
  protected override valueFrom(counts: readonly number[]): number {
    const bins = this.#bounds.length + 1;
    const row = (i: number) => counts.slice(i * bins, (i + 1) * bins);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const [all, right, first, second, third, nan] = [0, 1, 2, 3, 4, 5].map(row) as [
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
    ];
    if (sum(nan) > 0) return Number.NaN;
    const confidence = (i: number) => ((first[i] as number) + ((second[i] as number) + (third[i] as number) / BASE) / BASE) / BASE;
    return sum(right.map((count, i) => Math.abs(count - confidence(i)))) / sum(all);
  }
}

// --- internal helpers ---

const OP = "CalibrationError";
const OPTIONS: OptionKinds<CalibrationErrorOptions> = { nBins: "any", ignoreIndex: "any" };

const MAX_BINS = 2 ** 16;

/** Confidences are added as three digits to this base: sums of floats would depend on how batches are cut. */
const BASE = 256;

/** The first digit of 1. */
const MAX_DIGIT = BASE;

/** The digits of numbers in [0, 1], int32; of NaN, 0. Exact in float32: each step takes bits away and adds none. */
function digitsOf(x: Tensor): Tensor[] {
  const digits: Tensor[] = [];
  let rest = x;
  for (let i = 0; i < 3; i++) {
    const scaled = rest.mul(BASE);
    const digit = scaled.type("int32");
    digits.push(digit);
    rest = scaled.sub(digit);
  }
  return digits;
}
