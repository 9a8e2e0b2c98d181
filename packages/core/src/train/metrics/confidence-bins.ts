/** Targets by how sure the model was of its answer: counts that stay exact, for what is read from bins of confidence. */
import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { softmax } from "../../functional/activations";
import { stack } from "../../ops/cat";
import { addColumns } from "../../ops/gather";
import { valuesBeside } from "../../ops/values-beside";
import type { Tensor } from "../../tensor/tensor";
import { DIGIT, digitsOf, fromDigits } from "./digits";
import { type Added, CountingMetric } from "./metric";
import { checkIgnored, type IgnoreOptions, readClasses } from "./predictions";

/** Options of CalibrationError and ReliabilityTable. */
export interface CalibrationErrorOptions extends IgnoreOptions {
  /** How many bins of confidence there are, of the same width. Default: 15. */
  readonly nBins?: number;
}

/** What is in one bin. */
export interface Bin {
  /** The number of targets. */
  readonly count: number;
  /** How many of them were right. */
  readonly right: number;
  /** The sum of the confidences; NaN where one was. */
  readonly confidence: number;
}

/** A metric of bins `(low, high]` of confidence, the largest of a model's probabilities. */
export abstract class ConfidenceBins<Value> extends CountingMetric<Value> {
  readonly #op: string;
  readonly #bounds: Float32Array;
  readonly #ignoreIndex: number;

  /** @internal */
  constructor(op: string, options: CalibrationErrorOptions | undefined) {
    super(op);
    const given = optionsOf<CalibrationErrorOptions>(op, options, OPTIONS);
    const { nBins = 15 } = given;
    checkInteger(op, "nBins", nBins, 1);
    if (nBins > MAX_BINS) throw wrongValue(op, `nBins of at most ${MAX_BINS}`, nBins);
    this.#op = op;
    this.#ignoreIndex = checkIgnored(op, given);
    this.#bounds = Float32Array.from({ length: nBins - 1 }, (_, i) => (i + 1) / nBins);
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const read = readClasses(this.#op, output, target, this.#ignoreIndex);
    const bounds = this.#bounds;
    return {
      most: read.size * DIGIT,
      counts() {
        const probabilities = softmax(read.logits(), { dim: 1 });
        const confidence = probabilities.amax({ dim: 1 });
        const right = probabilities.argmax({ dim: 1 }).eq(read.classes());
        const bin = confidence.unsqueeze(1).gt(valuesBeside(confidence, bounds)).sum({ dim: 1 });
        const counted = read.counted();
        const rows = [counted, right, ...digitsOf(confidence, DIGITS), confidence.ne(confidence)].map((row) => row.mul(counted));
        return addColumns(stack(rows), bin, bounds.length + 1).reshape([-1]);
      },
    };
  }

  /** @internal */
  protected override valueFrom(counts: readonly number[]): Value {
    const bins = this.#bounds.length + 1;
    return this.valueOfBins(
      Array.from({ length: bins }, (_, i): Bin => {
        const [count, right, first, second, third, nan] = [0, 1, 2, 3, 4, 5].map((row) => counts[row * bins + i]) as SixNumbers;
        return { count, right, confidence: nan > 0 ? Number.NaN : fromDigits([first, second, third]) };
      }),
    );
  }

  /** @internal The value of all bins. */
  protected abstract valueOfBins(bins: readonly Bin[]): Value;
}

// --- internal helpers ---

type SixNumbers = [number, number, number, number, number, number];

const OPTIONS: OptionKinds<CalibrationErrorOptions> = { nBins: "any", ignoreIndex: "any" };

const MAX_BINS = 2 ** 16;

/** In steps of 2^-24. */
const DIGITS = 3;
