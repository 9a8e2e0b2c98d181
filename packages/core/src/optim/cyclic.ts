import { refusal, wrongValue } from "../errors/refusal";
import { checkRange } from "./check";
import { groupsOf, LRScheduler, perGroup, type Schedule, type ScheduledOptimizer, setInitialLrs } from "./scheduler";
import { amount, anything, count, flag, fn, fraction, numberOf, optional, settingsOf, word } from "./settings";

/** Options of CyclicLR. */
export interface CyclicLROptions {
  /** The lowest learning rate, or one for each group. */
  readonly baseLr: number | readonly number[];
  /** The highest learning rate, or one for each group. */
  readonly maxLr: number | readonly number[];
  /** Steps upwards. Default: 2000. */
  readonly stepSizeUp?: number;
  /** Steps downwards. Default: as many as upwards. */
  readonly stepSizeDown?: number;
  /** Whether cycles stay as high as they are, get half as high each time, or lower by `gamma` at every step. Default: "triangular". */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** The factor of "exp_range". Default: 1. */
  readonly gamma?: number;
  /** How high a cycle is, in place of `mode`: a function of the number of the cycle, from 1, or of the step. */
  readonly scaleFn?: (x: number) => number;
  /** What `scaleFn` is told. Default: "cycle". */
  readonly scaleMode?: "cycle" | "iterations";
  /** Whether the momentum goes down while the learning rate goes up. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The lowest momentum, or one for each group. Default: 0.8. */
  readonly baseMomentum?: number | readonly number[];
  /** The highest momentum, or one for each group. Default: 0.9. */
  readonly maxMomentum?: number | readonly number[];
}

/**
 * Lets the learning rate go up and down between two bounds (Smith, [2017](https://arxiv.org/abs/1506.01186)), and the momentum the other way. Mirrors
 * [torch.optim.lr_scheduler.CyclicLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range; TypeError for an optimizer without a momentum where
 *   that is to be cycled.
 */
export class CyclicLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: CyclicLROptions) {
    const given = settingsOf<CyclicLROptions>("CyclicLR", options, {
      baseLr: [anything],
      maxLr: [anything],
      stepSizeUp: [count, 2000],
      stepSizeDown: [optional(count)],
      mode: [word("triangular", "triangular2", "exp_range"), "triangular"],
      gamma: [amount, 1],
      scaleFn: [optional(fn)],
      scaleMode: [word("cycle", "iterations"), "cycle"],
      cycleMomentum: [flag, true],
      baseMomentum: [anything, 0.8],
      maxMomentum: [anything, 0.9],
    });
    const { stepSizeUp, stepSizeDown = stepSizeUp, mode, gamma, scaleFn } = given;
    const base = eachOf("CyclicLR", optimizer, "baseLr", given.baseLr);
    const top = eachOf("CyclicLR", optimizer, "maxLr", given.maxLr);
    const total = stepSizeUp + stepSizeDown;
    const ratio = stepSizeUp / total;
    /** How far up step `t` is, from 0 to 1 and less in lower cycles. */
    const height = (t: number): number => {
      const cycle = Math.floor(1 + t / total);
      const x = 1 + t / total - cycle;
      const up = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
      const scale = { triangular: 1, triangular2: 1 / 2 ** (cycle - 1), exp_range: gamma ** t }[mode];
      return up * (scaleFn === undefined ? scale : numberOf("CyclicLR", "scaleFn", scaleFn, given.scaleMode === "cycle" ? cycle : t));
    };
    const between = (from: number, to: number, t: number) => from + (to - from) * height(t);
    const lr: Schedule["lr"] = (t, _, baseLr, i) => between(baseLr, top[i] as number, t);
    super("CyclicLR", optimizer, given.cycleMomentum ? { lr, momentum: momentumOf("CyclicLR", optimizer, given, between) } : { lr }, base);
  }
}

/** Options of OneCycleLR; `totalSteps`, or both of `epochs` and `stepsPerEpoch`. */
export interface OneCycleLROptions {
  /** The highest learning rate, or one for each group. */
  readonly maxLr: number | readonly number[];
  /** Steps of the whole cycle. */
  readonly totalSteps?: number;
  /** In place of `totalSteps`. */
  readonly epochs?: number;
  /** In place of `totalSteps`. */
  readonly stepsPerEpoch?: number;
  /** The part of the cycle that goes up. Default: 0.3. */
  readonly pctStart?: number;
  /** Along a cosine or a line. Default: "cos". */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether the momentum goes down while the learning rate goes up. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The lowest momentum, or one for each group. Default: 0.85. */
  readonly baseMomentum?: number | readonly number[];
  /** The highest momentum, or one for each group. Default: 0.95. */
  readonly maxMomentum?: number | readonly number[];
  /** The cycle starts from `maxLr / divFactor`. Default: 25. */
  readonly divFactor?: number;
  /** It ends at that, divided by this. Default: 1e4. */
  readonly finalDivFactor?: number;
  /** Come down as fast as it went up, and go on to the end from there. Default: false. */
  readonly threePhase?: boolean;
}

/**
 * Lets the learning rate go up and down once, and the momentum the other way (Smith and Topin, [2018](https://arxiv.org/abs/1708.07120)); step it after each
 * batch. Mirrors [torch.optim.lr_scheduler.OneCycleLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range; TypeError for an optimizer without a momentum where
 *   that is to be cycled. `step` throws RangeError after the last of the steps.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { momentum: 0.9 });
 * const scheduler = new optim.OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 10 });
 * const lrs = [];
 * for (let batch = 0; batch < 10; batch++) {
 *   lrs.push(optimizer.paramGroups[0]?.lr.toFixed(2));
 *   optimizer.step();
 *   scheduler.step();
 * }
 * console.log(lrs.join()); // 0.02,0.26,0.50,0.48,0.41,0.31,0.19,0.09,0.02,0.00
 * ```
 */
export class OneCycleLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: OneCycleLROptions) {
    const given = settingsOf<OneCycleLROptions>("OneCycleLR", options, {
      maxLr: [anything],
      totalSteps: [optional(count)],
      epochs: [optional(count)],
      stepsPerEpoch: [optional(count)],
      pctStart: [fraction, 0.3],
      annealStrategy: [word("cos", "linear"), "cos"],
      cycleMomentum: [flag, true],
      baseMomentum: [anything, 0.85],
      maxMomentum: [anything, 0.95],
      divFactor: [above0, 25],
      finalDivFactor: [above0, 1e4],
      threePhase: [flag, false],
    });
    const total = given.totalSteps ?? given.epochs * given.stepsPerEpoch;
    if (Number.isNaN(total)) throw refusal("OneCycleLR", "totalSteps, or epochs and stepsPerEpoch", "less");
    const top = eachOf("OneCycleLR", optimizer, "maxLr", given.maxLr);
    const start = top.map((lr) => lr / given.divFactor);
    const up = given.pctStart * total;
    /** Where phases end, and how high: 0 is the start, 1 the top, -1 the end. */
    const ends = given.threePhase ? [up - 1, 2 * up - 2, total - 1] : [up - 1, total - 1];
    const heights = given.threePhase ? [0, 1, 0, -1] : [0, 1, -1];
    /** The height before and after the phase of step `t`, and how far through it that is. */
    const phase = (t: number): [before: number, after: number, part: number] => {
      const found = ends.findIndex((end) => t <= end);
      const k = found < 0 ? ends.length - 1 : found;
      const [from, to] = [ends[k - 1] ?? 0, ends[k] as number];
      return [heights[k] as number, heights[k + 1] as number, to === from ? 1 : (t - from) / (to - from)];
    };
    // A line goes on below 0 after its end, which PyTorch does not mind.
    const anneal = (from: number, to: number, part: number) =>
      given.annealStrategy === "cos" ? to + ((from - to) / 2) * (Math.cos(Math.PI * part) + 1) : Math.max(0, (to - from) * part + from);
    const lr: Schedule["lr"] = (t, _lr, baseLr, i) => {
      if (t > total) throw wrongValue("OneCycleLR", `at most ${total} steps`, t);
      const [before, after, part] = phase(t);
      const at = (height: number) => (height === 1 ? (top[i] as number) : height === 0 ? baseLr : baseLr / given.finalDivFactor);
      return anneal(at(before), at(after), part);
    };
    const between = (from: number, to: number, t: number) => {
      const [before, after, part] = phase(t);
      return anneal(before === 1 ? to : from, after === 1 ? to : from, part);
    };
    const schedule = given.cycleMomentum ? { lr, momentum: momentumOf("OneCycleLR", optimizer, given, between) } : { lr };
    setInitialLrs(optimizer, start);
    super("OneCycleLR", optimizer, schedule, start);
  }
}

// --- internal helpers ---

function above0(op: string, name: string, value: unknown): void {
  checkRange(op, name, value);
  if (value === 0) throw wrongValue(op, `${name} above 0`, value);
}

function eachOf(op: string, optimizer: ScheduledOptimizer, name: string, given: number | readonly number[]): number[] {
  return perGroup(op, name, given, groupsOf(op, optimizer).length, checkRange);
}

/** The momentum that goes the other way: `between` the highest and the lowest. */
function momentumOf(
  op: string,
  optimizer: ScheduledOptimizer,
  given: { readonly baseMomentum: number | readonly number[]; readonly maxMomentum: number | readonly number[] },
  between: (from: number, to: number, t: number) => number,
): Schedule["momentum"] {
  for (const group of groupsOf(op, optimizer)) {
    if ("momentum" in group || "betas" in group) continue;
    throw refusal(op, "an optimizer with a momentum or betas", "one without", "pass cycleMomentum: false");
  }
  const lowest = eachOf(op, optimizer, "baseMomentum", given.baseMomentum);
  const highest = eachOf(op, optimizer, "maxMomentum", given.maxMomentum);
  return (t, i) => between(highest[i] as number, lowest[i] as number, t);
}
