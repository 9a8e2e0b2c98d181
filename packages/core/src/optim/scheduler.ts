import { gradMode } from "../autograd/grad-mode";
import { shared } from "../backend/shared";
import { BRAND, type Brand, isBranded, isPlainObject, Raw, raw } from "../errors/brand";
import { checkInteger, checkOptionNames } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { warnOnce } from "../functional/warn";
import { checkRange } from "./check";

/** What a scheduler needs of an optimizer; all have it. */
export interface ScheduledOptimizer {
  /** The groups, whose `lr` is set. */
  readonly paramGroups: readonly {
    /** The learning rate. */
    lr: number;
  }[];
}

/** What a scheduler's `stateDict` gives: numbers, as JSON keeps them. */
export interface LRSchedulerStateDict {
  /** How many steps were taken. */
  readonly lastEpoch: number;
  /** The learning rates that the schedule starts from, one for each group. */
  readonly baseLrs: readonly number[];
  /** The learning rates that the groups have. */
  readonly lastLr: readonly number[];
  /** What single schedulers keep beside. */
  readonly [more: string]: unknown;
}

/** A schedule: all that a scheduler is, but for where it stands. */
export interface Schedule {
  /** The learning rate of group `i` at step `t`, from the one it has and the one it began with. */
  readonly lr: (t: number, lr: number, baseLr: number, i: number) => number;
  /** The momentum (the first of `betas`) of group `i` at step `t`. Default: it stays as it is. */
  readonly momentum?: (t: number, i: number) => number | undefined;
}

/**
 * What all schedulers share: they set the learning rate of each group of an optimizer, at once and after each `step()`. Mirrors
 * [torch.optim.lr_scheduler.LRScheduler](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html). For a schedule of
 * one's own there is `LambdaLR`.
 */
export abstract class LRScheduler extends Raw {
  /** @internal What is asked for learning rates; `SequentialLR` asks those of others. */
  readonly schedule: Schedule;
  /** @internal */
  readonly optimizer: ScheduledOptimizer;
  /** @internal */
  baseLrs: readonly number[];
  /** @internal Whether `step` must be told a metric. */
  readonly watches: boolean = false;
  /** @internal */
  readonly op: string;
  /** @internal How many steps were taken. */
  lastEpoch = 0;
  #lastLr: readonly number[] = [];
  readonly #stepsBefore: number;

  /** @internal */
  constructor(op: string, optimizer: ScheduledOptimizer, schedule: Schedule, baseLrs?: readonly number[]) {
    super();
    const groups = groupsOf(op, optimizer);
    this.op = op;
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.baseLrs = groups.map((group, i) => baseLrs?.[i] ?? initialLrs.get(group) ?? group.lr);
    this.#stepsBefore = (optimizer as unknown as Counted).stepCount;
    this.set(this.at(0));
    // A scheduler that comes later starts from the same.
    groups.forEach((group, i) => {
      if (!initialLrs.has(group)) initialLrs.set(group, this.baseLrs[i] as number);
    });
  }

  /** @internal */
  get [BRAND](): Brand {
    return "LRScheduler";
  }

  /**
   * Sets the learning rates of the next step. Call it after `optimizer.step()`; where the first call comes before, a warning is printed, once.
   *
   * @param _metric What `ReduceLROnPlateau` watches. The others let it be, so that one loop goes with any.
   * @throws RangeError for a learning rate that is negative, infinite or NaN, or where the optimizer got more groups. Nothing changes then.
   */
  step(_metric?: number): void {
    if (gradMode.rehearsal) return;
    const self = raw(this);
    const { stepCount } = self.optimizer as unknown as Counted;
    if (self.lastEpoch === 0 && stepCount === self.#stepsBefore) {
      warnOnce(
        `step: expected optimizer.step() before scheduler.step(), got the scheduler first - call it after, or the first learning rate is never used`,
      );
    }
    self.set(self.at(self.lastEpoch + 1));
    self.lastEpoch++;
  }

  /** The learning rates set last, one for each group. */
  getLastLr(): number[] {
    return [...raw(this).#lastLr];
  }

  /** Where the scheduler stands, as plain numbers. Its options are not saved: make it anew with the same, and load this. */
  stateDict(): LRSchedulerStateDict {
    const { lastEpoch, baseLrs, optimizer } = raw(this);
    return { lastEpoch, baseLrs: [...baseLrs], lastLr: optimizer.paramGroups.map(({ lr }) => lr) };
  }

  /**
   * Goes on from what `stateDict` gave: sets the learning rates of the optimizer, too, and the momentum where that is scheduled.
   *
   * @throws TypeError or RangeError for state of another form or of another number of groups. Nothing changes then.
   */
  loadStateDict(dict: LRSchedulerStateDict): void {
    const self = raw(this);
    if (!isPlainObject(dict)) throw wrongType(OP, "what stateDict() gives", dict);
    const own = { ...dict } as LRSchedulerStateDict;
    const lrs = self.accept(own)();
    const { momentum } = self.schedule;
    self.set(lrs.map((lr, i) => ({ lr, momentum: momentum?.(self.lastEpoch, i) })));
  }

  /** @internal Refuses what does not fit; gives what takes it over, but for the learning rates, which that returns. */
  accept(dict: LRSchedulerStateDict): () => readonly number[] {
    const { op } = this;
    const kinds = this.stateDict();
    checkOptionNames(OP, dict, kinds);
    for (const name in kinds) if (!Object.hasOwn(dict, name)) throw wrongType(OP, `${name} in the state of ${op}`, undefined);
    const { lastEpoch, baseLrs, lastLr } = dict;
    checkInteger(OP, "lastEpoch", lastEpoch, 0);
    const { length } = this.groups();
    const [base, last] = [baseLrs, lastLr].map((lrs) => {
      if (!Array.isArray(lrs)) throw wrongType(OP, "arrays of learning rates", lrs);
      return perGroup<number>(OP, "learning rates", lrs, length, checkRange);
    }) as [number[], number[]];
    return () => {
      this.lastEpoch = lastEpoch;
      this.baseLrs = base;
      return last;
    };
  }

  /** @internal What the groups get at step `t`. Nothing is set yet. */
  at(t: number): Settings[] {
    const { op, baseLrs, schedule } = this;
    return this.groups().map((group, i) => {
      const lr = schedule.lr(t, group.lr, baseLrs[i] as number, i);
      const momentum = schedule.momentum?.(t, i);
      checkRange(op, "a learning rate", lr);
      if (momentum !== undefined) checkRange(op, "a momentum", momentum);
      return { lr, momentum };
    });
  }

  /** @internal The groups, as many as there were. */
  groups(): readonly { lr: number }[] {
    const { paramGroups } = this.optimizer;
    if (paramGroups.length !== this.baseLrs.length)
      throw wrongValue(this.op, `${this.baseLrs.length} parameter groups, as at first`, paramGroups.length);
    return paramGroups;
  }

  /** @internal Sets what `at` gave. */
  set(settings: readonly Settings[]): void {
    const groups = this.optimizer.paramGroups as Cycled[];
    settings.forEach(({ lr, momentum }, i) => {
      const group = groups[i] as Cycled;
      group.lr = lr;
      if (momentum === undefined) return;
      if (group.betas === undefined) group.momentum = momentum;
      else group.betas = [momentum, group.betas[1]];
    });
    this.#lastLr = groups.map(({ lr }) => lr);
  }
}

/** The learning rate that each group had before its first scheduler. */
const initialLrs = /* @__PURE__ */ shared("initialLrs", () => new WeakMap<object, number>());

/** Has all schedulers that come later start from `lrs`. */
export function setInitialLrs(optimizer: ScheduledOptimizer, lrs: readonly number[]): void {
  optimizer.paramGroups.forEach((group, i) => {
    initialLrs.set(group, lrs[i] as number);
  });
}

/** The groups of what must be an optimizer. */
export function groupsOf(op: string, optimizer: ScheduledOptimizer): readonly { lr: number }[] {
  if (!isBranded(optimizer, "Optimizer")) throw wrongType(op, "an optimizer", optimizer);
  return optimizer.paramGroups;
}

/** What each group gets: of a list its own, of anything else the same. */
export function perGroup<T>(
  op: string,
  name: string,
  given: T | readonly T[],
  count: number,
  check: (op: string, name: string, value: unknown) => void,
): T[] {
  if (Array.isArray(given) && given.length !== count) throw wrongValue(op, `${name} for ${count} parameter groups`, given.length);
  const list = Array.isArray(given) ? Array.from(given as readonly T[]) : Array<T>(count).fill(given as T);
  for (const value of list) check(op, name, value);
  return list;
}

// --- internal helpers ---

const OP = "loadStateDict";

/** What a group gets; a momentum where that is scheduled. */
interface Settings {
  readonly lr: number;
  readonly momentum?: number | undefined;
}

/** A group with a momentum of one or the other kind. */
interface Cycled {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

interface Counted {
  readonly stepCount: number;
}
