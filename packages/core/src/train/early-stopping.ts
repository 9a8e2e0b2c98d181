import { isPlainObject, Raw, raw } from "../errors/brand";
import { checkInteger, checkNumber, checkOptionNames } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { betters } from "../optim/better";
import { amount, count, settingsOf, word } from "../optim/settings";

/** Options of EarlyStopping. */
export interface EarlyStoppingOptions {
  /** So many values one after the other that are no better than the best end the training. Default: 3. */
  readonly patience?: number;
  /** By how much a value must be better, at least: more than this. Default: 0. */
  readonly minDelta?: number;
  /** Whether lower or higher values are better. Default: "min". */
  readonly mode?: "min" | "max";
}

/** What an EarlyStopping's `stateDict` gives: numbers, as JSON keeps them. */
export interface EarlyStoppingStateDict {
  /** Values so far. */
  readonly lastEpoch: number;
  /** The best of them; null: none yet. */
  readonly best: number | null;
  /** Which one that was, from 1; 0: none yet. */
  readonly bestEpoch: number;
  /** Values since. */
  readonly numBadEpochs: number;
}

/**
 * Says when a number has not become better for `patience` epochs. Mirrors Lightning's
 * [EarlyStopping](https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.EarlyStopping.html); what is better is as for `ReduceLROnPlateau` with
 * `thresholdMode: "abs"`, which acts one value later, as PyTorch's does. NaN is no better than any other.
 *
 * @throws TypeError and RangeError for options.
 * @example
 * ```ts
 * const early = new EarlyStopping({ patience: 2 });
 * console.log([0.5, 0.4, 0.45, 0.41].map((loss) => early.step(loss)).join()); // false,false,false,true
 * console.log(early.best, early.bestEpoch); // 0.4 2
 * ```
 */
export class EarlyStopping extends Raw {
  readonly #options: Required<EarlyStoppingOptions>;
  #state: EarlyStoppingStateDict = { lastEpoch: 0, best: null, bestEpoch: 0, numBadEpochs: 0 };

  /** @param options Default: patience 3, lower is better. */
  constructor(options?: EarlyStoppingOptions) {
    super();
    this.#options = settingsOf<EarlyStoppingOptions>("EarlyStopping", options, {
      patience: [count, 3],
      minDelta: [amount, 0],
      mode: [word("min", "max"), "min"],
    });
  }

  /** The best value; null: none yet. */
  get best(): number | null {
    return raw(this).#state.best;
  }

  /** Which value that was, from 1; 0: none yet. */
  get bestEpoch(): number {
    return raw(this).#state.bestEpoch;
  }

  /** How many came since. */
  get numBadEpochs(): number {
    return raw(this).#state.numBadEpochs;
  }

  /**
   * Takes the value of an epoch in.
   *
   * @param value A number, such as `await loss.item()`.
   * @returns True to stop.
   * @throws TypeError for anything else; nothing changes then.
   */
  step(value: number): boolean {
    const self = raw(this);
    if (typeof value !== "number") throw wrongType("step", "the value as a number", value, "pass await loss.item()");
    const { patience, minDelta: threshold, mode } = self.#options;
    const { best } = self.#state;
    const lastEpoch = self.#state.lastEpoch + 1;
    self.#state = betters(value, best, { mode, threshold, thresholdMode: "abs" })
      ? { lastEpoch, best: value, bestEpoch: lastEpoch, numBadEpochs: 0 }
      : { ...self.#state, lastEpoch, numBadEpochs: self.#state.numBadEpochs + 1 };
    return self.#state.numBadEpochs >= patience;
  }

  /** Where it stands. Its options are not saved: make it anew with the same, and load this. */
  stateDict(): EarlyStoppingStateDict {
    return { ...raw(this).#state };
  }

  /** Goes on from what `stateDict` gave. @throws TypeError or RangeError for state of another form; nothing changes then. */
  loadStateDict(dict: EarlyStoppingStateDict): void {
    const self = raw(this);
    if (!isPlainObject(dict)) throw wrongType(LOAD, "what stateDict() gives", dict);
    checkOptionNames(LOAD, dict, self.#state);
    const { lastEpoch, best, bestEpoch, numBadEpochs } = dict as EarlyStoppingStateDict;
    for (const [name, value] of Object.entries({ lastEpoch, bestEpoch, numBadEpochs })) checkInteger(LOAD, name, value, 0);
    if (best !== null) checkNumber(LOAD, "best", best);
    self.#state = { lastEpoch, best, bestEpoch, numBadEpochs };
  }
}

// --- internal helpers ---

const LOAD = "loadStateDict";
