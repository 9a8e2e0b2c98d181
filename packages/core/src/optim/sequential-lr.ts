import { brandOf, raw } from "../errors/brand";
import { wrongType, wrongValue } from "../errors/refusal";
import { groupsOf, LRScheduler, type LRSchedulerStateDict, type Schedule, type ScheduledOptimizer } from "./scheduler";
import { anything, settingsOf, stepList } from "./settings";

/** Options of SequentialLR. */
export interface SequentialLROptions {
  /** Schedulers of the same optimizer; the sequence steps them. */
  readonly schedulers: readonly LRScheduler[];
  /** The steps at which the next one begins: one fewer than there are schedulers. */
  readonly milestones: readonly number[];
}

/**
 * One scheduler after another: each begins anew at its milestone. Mirrors
 * [torch.optim.lr_scheduler.SequentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html).
 *
 * @throws TypeError for what are no schedulers, or those of another optimizer, or one that watches a metric; RangeError where milestones do not go up or are not
 *   one fewer.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * const warmUp = new optim.LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 });
 * const cosine = new optim.CosineAnnealingLR(optimizer, { tMax: 90 });
 * const scheduler = new optim.SequentialLR(optimizer, { schedulers: [warmUp, cosine], milestones: [10] });
 * console.log(scheduler.getLastLr().map((lr) => lr.toFixed(2)).join()); // 0.01
 * ```
 */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];

  constructor(optimizer: ScheduledOptimizer, options: SequentialLROptions) {
    const { schedulers: given, milestones } = settingsOf<SequentialLROptions>("SequentialLR", options, {
      schedulers: [anything],
      milestones: [stepList],
    });
    const schedulers = schedulersOf(optimizer, given);
    const starts = [0, ...milestones];
    if (starts.length !== schedulers.length) throw wrongValue("SequentialLR", `${schedulers.length - 1} milestones`, milestones.length);
    for (let k = 2; k < starts.length; k++)
      if ((starts[k] as number) < (starts[k - 1] as number)) throw wrongValue("SequentialLR", "milestones that go up", starts[k]);
    /** The scheduler of step `t`, and the step at which it began. */
    const at = (t: number) => {
      const k = starts.filter((start) => start <= t).length - 1;
      return { scheduler: schedulers[k] as LRScheduler, start: starts[k] as number };
    };
    const schedule: Schedule = {
      lr(t, lr, baseLr, i) {
        const { scheduler, start } = at(t);
        const own = scheduler.baseLrs[i] as number;
        return scheduler.schedule.lr(t - start, t === 0 ? baseLr : t === start ? own : lr, own, i);
      },
      momentum(t, i) {
        const { scheduler, start } = at(t);
        return scheduler.schedule.momentum?.(t - start, i);
      },
    };
    super("SequentialLR", optimizer, schedule);
    this.#schedulers = schedulers;
  }

  /** Where the sequence stands, and what each of its schedulers starts from. */
  override stateDict(): LRSchedulerStateDict {
    return { ...super.stateDict(), schedulers: raw(this).#schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  /** @internal */
  override accept(dict: LRSchedulerStateDict): () => readonly number[] {
    const own = super.accept(dict);
    const { schedulers } = dict;
    const count = this.#schedulers.length;
    if (!Array.isArray(schedulers) || schedulers.length !== count)
      throw wrongType("loadStateDict", `the states of ${count} schedulers`, schedulers);
    const all = this.#schedulers.map((scheduler, k) => scheduler.accept(schedulers[k]));
    return () => {
      for (const each of all) each();
      return own();
    };
  }
}

// --- internal helpers ---

function schedulersOf(optimizer: ScheduledOptimizer, given: unknown): LRScheduler[] {
  groupsOf("SequentialLR", optimizer);
  if (!Array.isArray(given) || given.length === 0) throw wrongType("SequentialLR", "schedulers as an array", given);
  return Array.from(given, (item) => {
    if (brandOf(item) !== "LRScheduler") throw wrongType("SequentialLR", "schedulers", item);
    const scheduler = raw(item as LRScheduler);
    if (scheduler.watches)
      throw wrongType("SequentialLR", "schedulers that watch no metric", scheduler, "step ReduceLROnPlateau by itself");
    if (raw(scheduler.optimizer) !== raw(optimizer)) throw wrongType("SequentialLR", "schedulers of the same optimizer", scheduler);
    return scheduler;
  });
}
