import { gradMode } from "../autograd/grad-mode";
import { isPlainObject, Raw, raw } from "../errors/brand";
import { checkBoolean, checkFunction, checkInteger, checkOptionNames, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkProbability } from "../functional/dropout-options";
import { type DropoutLayerEntry, layersIn } from "./dropout-layers";
import type { DropoutScheduleFunction } from "./dropout-schedules";
import type { Model } from "./mode";

/** Options of `DropoutSchedule`. */
export interface DropoutScheduleOptions {
  /** Which layers are scheduled; the others keep their rates. Default: all that `dropoutLayers` finds. */
  readonly layers?: (layer: DropoutLayerEntry) => boolean;
  /** The schedule gives a factor of the rate that each layer was made with, so that unlike rates stay in proportion. Default: false, the rate itself. */
  readonly relative?: boolean;
}

/** What a schedule's `stateDict` gives: numbers, as JSON keeps them. */
export interface DropoutScheduleStateDict {
  /** How many steps were taken. */
  readonly lastEpoch: number;
  /** The rates that the layers had before the schedule, one for each in order of definition. */
  readonly baseRates: readonly number[];
  /** The rates that they have. */
  readonly lastRates: readonly number[];
}

/**
 * Sets the rates of a model's dropout layers by the step, at once and after each `step()`: what a learning rate scheduler does for learning rates. PyTorch has none.
 *
 * Call `step()` once after each step of training, or each epoch, whichever the schedule counts. `saveCheckpoint` takes it like a scheduler; and so does the `scheduler` of
 * `fit`, where there is no other.
 *
 * @throws TypeError for what is no module or no function and for other options; RangeError for a rate outside [0, 1] and where there is no layer to schedule. Nothing changes then.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Dropout(0.2), new nn.Linear(8, 8), new nn.Dropout(0.4));
 * const schedule = new DropoutSchedule(model, linearDropoutRate({ from: 1, to: 0, steps: 4 }), { relative: true });
 * schedule.step();
 * schedule.step();
 * console.log(schedule.getLastRates().join()); // 0.1,0.2
 * ```
 */
export class DropoutSchedule extends Raw {
  /** @internal */
  static override get name(): string {
    return "DropoutSchedule";
  }

  readonly #layers: readonly DropoutLayerEntry[];
  readonly #schedule: DropoutScheduleFunction;
  readonly #relative: boolean;
  #baseRates: readonly number[];
  #lastEpoch = 0;
  #lastRates: readonly number[] = [];

  /**
   * @param model Any module with layers that drop.
   * @param schedule The rate by the step, from 0: what `constantDropoutRate`, `linearDropoutRate`, `cosineDropoutRate`, `earlyDropout` or `lateDropout` gives, or a function of one's own.
   * @param options `layers`: which ones; default all. `relative`: the schedule gives factors of their own rates; default false.
   */
  constructor(model: Model, schedule: DropoutScheduleFunction, options?: DropoutScheduleOptions) {
    super();
    const all = layersIn(OP, model);
    checkFunction(OP, schedule, "pass linearDropoutRate({ from: 0, to: 0.5, steps: 1000 }), say");
    const { layers = () => true, relative = false } = optionsOf<DropoutScheduleOptions>(OP, options, OPTIONS);
    checkFunction(OP, layers, 'write layers: ({ name }) => name.startsWith("head")');
    this.#layers = all.filter((layer) => {
      const isOwn: unknown = layers(layer);
      checkBoolean(OP, "what layers gives", isOwn);
      return isOwn;
    });
    if (this.#layers.length === 0) throw wrongValue(OP, "a model with layers that drop", this.#layers, "F.dropout takes its p in the call");
    this.#schedule = schedule;
    this.#relative = relative;
    this.#baseRates = this.#layers.map(({ p }) => p);
    this.#set(this.#at(0));
  }

  /**
   * Sets the rates of the next step.
   *
   * @param _metric Nothing is made of it: so a loop that tells its schedulers a number goes with this one, too.
   * @throws RangeError for a rate outside [0, 1] or NaN, TypeError for no number. Nothing changes then.
   */
  step(_metric?: number): void {
    if (gradMode.rehearsal) return;
    const self = raw(this);
    self.#set(self.#at(self.#lastEpoch + 1));
    self.#lastEpoch++;
  }

  /** The rates set last, one for each layer, in order of definition. */
  getLastRates(): number[] {
    return [...raw(this).#lastRates];
  }

  /** Where the schedule stands, as plain numbers. The schedule itself is not saved: make it anew with the same, and load this. */
  stateDict(): DropoutScheduleStateDict {
    const self = raw(this);
    return { lastEpoch: self.#lastEpoch, baseRates: [...self.#baseRates], lastRates: self.#layers.map(({ p }) => p) };
  }

  /**
   * Goes on from what `stateDict` gave: sets the rates of the layers, too.
   *
   * @throws TypeError or RangeError for state of another form or of another number of layers. Nothing changes then.
   */
  loadStateDict(dict: DropoutScheduleStateDict): void {
    const self = raw(this);
    if (!isPlainObject(dict)) throw wrongType(LOAD, "what stateDict() gives", dict);
    const own = { ...dict } as unknown as DropoutScheduleStateDict;
    checkOptionNames(LOAD, own, STATE);
    for (const name in STATE) if (!Object.hasOwn(own, name)) throw wrongType(LOAD, `${name} in the state of ${OP}`, undefined);
    const { lastEpoch, baseRates, lastRates } = own;
    checkInteger(LOAD, "lastEpoch", lastEpoch, 0);
    const [base, last] = [baseRates, lastRates].map((rates) => self.#accept(rates)) as [number[], number[]];
    self.#lastEpoch = lastEpoch;
    self.#baseRates = base;
    self.#set(last);
  }

  /** A copy of rates that fit. */
  #accept(rates: unknown): number[] {
    if (!Array.isArray(rates)) throw wrongType(LOAD, "arrays of rates", rates);
    const { length } = this.#layers;
    if (rates.length !== length) throw wrongValue(LOAD, `rates for ${length} layers that drop`, rates.length);
    return Array.from(rates, (rate) => {
      checkProbability(LOAD, rate);
      return rate;
    });
  }

  /** What the layers get at a step. Nothing is set yet. */
  #at(step: number): number[] {
    const value = this.#schedule(step);
    return this.#baseRates.map((base) => {
      const rate = this.#relative && typeof value === "number" ? base * value : value;
      checkProbability(OP, rate);
      return rate;
    });
  }

  #set(rates: readonly number[]): void {
    this.#layers.forEach((layer, i) => {
      layer.p = rates[i] as number;
    });
    this.#lastRates = rates;
  }
}

// --- internal helpers ---

const OP = "DropoutSchedule";
const LOAD = "loadStateDict";
const OPTIONS: OptionKinds<DropoutScheduleOptions> = { layers: "any", relative: "flag" };
const STATE: Readonly<Record<keyof DropoutScheduleStateDict, true>> = { lastEpoch: true, baseRates: true, lastRates: true };
