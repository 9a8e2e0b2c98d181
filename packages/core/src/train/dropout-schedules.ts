/** What a rate is at each step, as plain functions of the step: for `DropoutSchedule`, or for a call of `F.dropout`. */
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkProbability } from "../functional/dropout-options";

/** A rate of dropping, or a factor of one, by the step; steps count from 0. */
export type DropoutScheduleFunction = (step: number) => number;

/** Options of `linearDropoutRate` and `cosineDropoutRate`. */
export interface RampOptions {
  /** The rate at step 0, in [0, 1]. */
  readonly from: number;
  /** The rate at step `steps` and after it, in [0, 1]. */
  readonly to: number;
  /** How many steps it takes, a positive integer. */
  readonly steps: number;
}

/** Options of `earlyDropout`. */
export interface EarlyDropoutOptions {
  /** The rate at step 0, in [0, 1]. */
  readonly p: number;
  /** For how many steps there is dropout, a positive integer. */
  readonly steps: number;
  /** "linear": the rate falls evenly to 0; "constant": it stays until the last of these steps. Default: "linear". */
  readonly decay?: "linear" | "constant";
}

/** Options of `lateDropout`. */
export interface LateDropoutOptions {
  /** The rate from step `start` on, in [0, 1]. */
  readonly p: number;
  /** The first step with dropout, an integer of 0 or more. */
  readonly start: number;
}

/**
 * The same rate at all steps.
 *
 * @param p In [0, 1].
 * @throws RangeError outside [0, 1], TypeError for no number.
 */
export function constantDropoutRate(p: number): DropoutScheduleFunction {
  checkProbability("constantDropoutRate", p);
  return () => p;
}

/**
 * From one rate to another in even steps; then it stays.
 *
 * @param options `from`, `to`: the rates at step 0, and at step `steps` and after it. `steps`: how many it takes.
 * @throws RangeError for rates outside [0, 1] and steps that are no positive integer, TypeError for options of a wrong type.
 * @example
 * ```ts
 * const rate = linearDropoutRate({ from: 0, to: 0.5, steps: 4 });
 * console.log([0, 1, 2, 3, 4, 5].map(rate).join()); // 0,0.125,0.25,0.375,0.5,0.5
 * ```
 */
export function linearDropoutRate(options: RampOptions): DropoutScheduleFunction {
  return ramp("linearDropoutRate", options, (share) => share);
}

/**
 * From one rate to another along half a cosine, slow at both ends; then it stays.
 *
 * @param options `from`, `to`: the rates at step 0, and at step `steps` and after it. `steps`: how many it takes.
 * @throws As `linearDropoutRate`.
 */
export function cosineDropoutRate(options: RampOptions): DropoutScheduleFunction {
  return ramp("cosineDropoutRate", options, (share) => (1 - Math.cos(Math.PI * share)) / 2);
}

/**
 * Dropout in the first steps only, for models that underfit: it has the gradients of small batches agree while that matters most. By Liu et al.,
 * [2023](https://arxiv.org/abs/2303.01500); their early dropout falls linearly, which is the default here.
 *
 * @param options `p`: the rate at step 0. `steps`: for how many steps there is dropout; after them the rate is 0. `decay`: "linear" (the default) or "constant".
 * @throws RangeError for a rate outside [0, 1], steps that are no positive integer and another word, TypeError for options of a wrong type.
 * @example
 * ```ts
 * console.log([0, 1, 2, 3, 4].map(earlyDropout({ p: 0.5, steps: 2 })).join()); // 0.5,0.25,0,0,0
 * console.log([0, 1, 2, 3, 4].map(earlyDropout({ p: 0.5, steps: 2, decay: "constant" })).join()); // 0.5,0.5,0,0,0
 * ```
 */
export function earlyDropout(options: EarlyDropoutOptions): DropoutScheduleFunction {
  const op = "earlyDropout";
  const { p, steps, decay = "linear" } = optionsOf<EarlyDropoutOptions>(op, options, { p: "any", steps: "any", decay: "any" });
  checkProbability(op, p);
  checkInteger(op, "steps", steps, 1);
  if (decay !== "linear" && decay !== "constant") throw wrongValue(op, 'decay "linear" or "constant"', decay);
  return (step) => (step >= steps ? 0 : decay === "constant" ? p : p * (1 - step / steps));
}

/**
 * No dropout at first, then all of it, for models that overfit: they learn the outlines undisturbed. By Liu et al., [2023](https://arxiv.org/abs/2303.01500).
 *
 * @param options `p`: the rate from step `start` on; before, it is 0.
 * @throws RangeError for a rate outside [0, 1] and a start that is no integer of 0 or more, TypeError for options of a wrong type.
 */
export function lateDropout(options: LateDropoutOptions): DropoutScheduleFunction {
  const { p, start } = optionsOf<LateDropoutOptions>("lateDropout", options, { p: "any", start: "any" });
  checkProbability("lateDropout", p);
  checkInteger("lateDropout", "start", start, 0);
  return (step) => (step < start ? 0 : p);
}

// --- internal helpers ---

const RAMP: OptionKinds<RampOptions> = { from: "any", to: "any", steps: "any" };

/** `curve` goes from 0 to 1. Both rates count in full at their ends, so that no rounding leaves [0, 1]. */
function ramp(op: string, options: RampOptions, curve: (share: number) => number): DropoutScheduleFunction {
  const { from, to, steps } = optionsOf(op, options, RAMP);
  checkProbability(op, from);
  checkProbability(op, to);
  checkInteger(op, "steps", steps, 1);
  return (step) => {
    const share = step >= steps ? 1 : curve(step / steps);
    return from * (1 - share) + to * share;
  };
}
