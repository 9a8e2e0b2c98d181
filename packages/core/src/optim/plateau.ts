import { gradMode } from "../autograd/grad-mode";
import { raw } from "../errors/brand";
import { checkInteger, checkNumber } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { betters } from "./better";
import { checkRange } from "./check";
import { groupsOf, LRScheduler, type LRSchedulerStateDict, perGroup, type ScheduledOptimizer } from "./scheduler";
import { amount, anything, fraction, settingsOf, wait, word } from "./settings";

/** Options of ReduceLROnPlateau. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric is better when it is lower or higher. Default: "min". */
  readonly mode?: "min" | "max";
  /** The factor, below 1. Default: 0.1. */
  readonly factor?: number;
  /** Steps without a better metric that are let pass. Default: 10. */
  readonly patience?: number;
  /** How much better counts. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether that is a part of the best metric or a difference to it. Default: "rel". */
  readonly thresholdMode?: "rel" | "abs";
  /** Steps after a reduction in which nothing is counted. Default: 0. */
  readonly cooldown?: number;
  /** The lowest learning rate, or one for each group. Default: 0. */
  readonly minLr?: number | readonly number[];
  /** A smaller change of the learning rate is not made. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * Multiplies the learning rate by `factor` when a metric has not become better for more than `patience` steps. Mirrors
 * [torch.optim.lr_scheduler.ReduceLROnPlateau](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * const scheduler = new optim.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1 });
 * for (const loss of [1, 0.9, 0.9, 0.9]) scheduler.step(loss);
 * console.log(optimizer.paramGroups[0]?.lr); // 0.05
 * ```
 */
export class ReduceLROnPlateau extends LRScheduler {
  /** @internal */
  override readonly watches: boolean = true;
  readonly #options: Required<ReduceLROnPlateauOptions>;
  readonly #minLrs: readonly number[];
  /** None yet: null, which JSON keeps. */
  #best: number | null = null;
  #cooldown = 0;
  #bad = 0;

  constructor(optimizer: ScheduledOptimizer, options?: ReduceLROnPlateauOptions) {
    const given = settingsOf<ReduceLROnPlateauOptions>("ReduceLROnPlateau", options, {
      mode: [word("min", "max"), "min"],
      factor: [fraction, 0.1],
      patience: [wait, 10],
      threshold: [amount, 1e-4],
      thresholdMode: [word("rel", "abs"), "rel"],
      cooldown: [wait, 0],
      minLr: [anything, 0],
      eps: [amount, 1e-8],
    });
    if (given.factor === 1) throw wrongValue("ReduceLROnPlateau", "factor below 1", given.factor);
    const minLrs = perGroup("ReduceLROnPlateau", "minLr", given.minLr, groupsOf("ReduceLROnPlateau", optimizer).length, checkRange);
    super("ReduceLROnPlateau", optimizer, { lr: (_, lr) => lr });
    this.#options = given;
    this.#minLrs = minLrs;
  }

  /**
   * Takes the metric of an epoch into account. NaN is no better than any other.
   *
   * @param metric A number, such as `await loss.item()`.
   * @throws TypeError for anything else; RangeError where the optimizer got more groups. Nothing changes then.
   */
  override step(metric: number): void {
    const self = raw(this);
    if (typeof metric !== "number") throw wrongType("step", "the metric as a number", metric, "pass await loss.item()");
    if (gradMode.rehearsal) return;
    const { patience, cooldown, factor, eps } = self.#options;
    const groups = self.groups();
    const isBetter = betters(metric, self.#best, self.#options);
    const isCooling = self.#cooldown > 0;
    const bad = isBetter || isCooling ? 0 : self.#bad + 1;
    const isStuck = bad > patience;
    const lrs = groups.map(({ lr }, i) => {
      checkRange(self.op, "a learning rate", lr);
      const reduced = Math.max(lr * factor, self.#minLrs[i] as number);
      return { lr: isStuck && lr - reduced > eps ? reduced : lr };
    });
    if (isBetter) self.#best = metric;
    self.#bad = isStuck ? 0 : bad;
    self.#cooldown = isStuck ? cooldown : Math.max(0, self.#cooldown - 1);
    self.lastEpoch++;
    self.set(lrs);
  }

  /** Where the scheduler stands, with the best metric and what was counted since. */
  override stateDict(): LRSchedulerStateDict {
    const self = raw(this);
    return { ...super.stateDict(), best: self.#best, cooldownCounter: self.#cooldown, numBadEpochs: self.#bad };
  }

  /** @internal */
  override accept(dict: LRSchedulerStateDict): () => readonly number[] {
    const own = super.accept(dict);
    const { best, cooldownCounter, numBadEpochs } = dict;
    if (best !== null) checkNumber("loadStateDict", "best", best);
    checkInteger("loadStateDict", "cooldownCounter", cooldownCounter, 0);
    checkInteger("loadStateDict", "numBadEpochs", numBadEpochs, 0);
    return () => {
      this.#best = best;
      this.#cooldown = cooldownCounter;
      this.#bad = numBadEpochs;
      return own();
    };
  }
}
