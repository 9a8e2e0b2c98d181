import { type OptionKinds, optionsOf } from "../../errors/options";
import { stack } from "../../ops/cat";
import type { Tensor } from "../../tensor/tensor";
import { DIGIT, digitsOf, fromDigits } from "./digits";
import { type Added, CountingMetric } from "./metric";
import { type ByClass, checkIgnored, type IgnoreOptions, readClasses } from "./predictions";

/**
 * A metric that is the mean of a score of at least 0 over the targets that count, in steps of 2^-24: the same bits, however batches are cut. NaN where a score is, and
 * where none count; infinite where a score is 2^24 or more.
 */
export abstract class MeanOverTargets extends CountingMetric<number> {
  readonly #op: string;
  readonly #ignoreIndex: number;

  /** @internal */
  constructor(op: string, options: IgnoreOptions | undefined) {
    super(op);
    this.#op = op;
    this.#ignoreIndex = checkIgnored(op, optionsOf<IgnoreOptions>(op, options, OPTIONS));
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const read = readClasses(this.#op, output, target, this.#ignoreIndex);
    return {
      most: read.size * DIGIT,
      counts: () => {
        const counted = read.counted();
        const scores = this.scores(read);
        const small = scores.where(scores.lt(LIMIT), 0).div(LIMIT);
        const rows = [counted, scores.ne(scores), scores.ge(LIMIT), ...digitsOf(small, DIGITS)];
        return stack(rows.map((row) => row.mul(counted))).sum({ dim: 1 });
      },
    };
  }

  /** @internal */
  protected override valueFrom([all = 0, nan = 0, large = 0, ...digits]: readonly number[]): number {
    if (nan > 0) return Number.NaN;
    return large > 0 ? Number.POSITIVE_INFINITY : (LIMIT * fromDigits(digits)) / all;
  }

  /** @internal The score of each target, `[size]`, whatever of those that are ignored. */
  protected abstract scores(read: ByClass): Tensor;
}

// --- internal helpers ---

const OPTIONS: OptionKinds<IgnoreOptions> = { ignoreIndex: "any" };

/** What all scores are below. */
const LIMIT = 2 ** 24;

/** So that the last one is of 2^-24. */
const DIGITS = 6;
