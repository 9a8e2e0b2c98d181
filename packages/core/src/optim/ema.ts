import { gradMode, noGrad } from "../autograd/grad-mode";
import { checkInputs } from "../autograd/run";
import type { TypedArray } from "../dtype/dtype";
import { isPlainObject, isPromise, Raw, raw } from "../errors/brand";
import { DisposedError } from "../errors/errors";
import { refuseJson } from "../errors/misuse";
import { checkFunction, checkInteger, checkOptionNames, optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { tensorsOf } from "../nn/parameter";
import { fitting, type SavedValue } from "../nn/saved-tensor";
import { copyAll } from "../nn/state-dict";
import type { Tensor } from "../tensor/tensor";
import { tidy } from "../tensor/tidy";
import { OptimizerState } from "./state";

/** Options of EMA. */
export interface EMAOptions {
  /** How much of the average stays at each update, in [0, 1]. Default: 0.999. */
  readonly decay?: number;
}

/** What an EMA's `stateDict` gives. */
export interface EMAStateDict {
  /** Updates so far. */
  readonly nAveraged: number;
  /** The averages, in the order of the parameters. */
  readonly averages: readonly SavedValue[];
}

/**
 * An exponential moving average of weights: `average = decay * average + (1 - decay) * weight` at each `update()`, the weights themselves at the first. Models
 * are often better with it than with the weights of the last step. PyTorch's counterpart is
 * [torch.optim.swa_utils.AveragedModel](https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html) with `get_ema_multi_avg_fn(decay)`,
 * which copies the model; here the averages take the place of the weights for a while.
 *
 * @throws TypeError for what are no float tensors, RangeError for none, for one that is there twice or a `decay` out of range; OutOfMemoryError.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { lr: 0.25 });
 * const ema = new optim.EMA([w], { decay: 0.5 });
 * for (let step = 0; step < 3; step++) {
 *   optimizer.zeroGrad();
 *   w.mul(w).sum().backward();
 *   optimizer.step();
 *   ema.update();
 * }
 * console.log(w.dataSync()[0], ema.apply(() => w.dataSync()[0])); // 0.5 1
 * ```
 */
export class EMA extends Raw {
  readonly #params: readonly Tensor[];
  readonly #decay: number;
  readonly #states: readonly OptimizerState[];
  /** The weights, while the averages are in their place. */
  #stored: readonly OptimizerState[] | null = null;
  #nAveraged = 0;

  /**
   * @param parameters `model.parameters()`, or tensors.
   * @param options `decay`.
   */
  constructor(parameters: Tensor | Iterable<Tensor>, options?: EMAOptions) {
    super();
    const { decay = 0.999 } = optionsOf<EMAOptions>("EMA", options, { decay: "number" });
    if (decay < 0 || decay > 1) throw wrongValue("EMA", "decay in [0, 1]", decay);
    const params = tensorsOf("EMA", parameters);
    if (params.length === 0) throw new RangeError("EMA: expected at least one parameter, got none - pass model.parameters()");
    if (new Set(params).size < params.length) throw new RangeError("EMA: expected each parameter once, got one twice");
    for (const param of params) {
      checkInputs("EMA", [param]);
      if (param.dtype !== "float32" && param.dtype !== "float64") throw refusal("EMA", "parameters of floats", param.dtype);
    }
    this.#decay = decay;
    this.#params = params;
    this.#states = copiesOf(params);
  }

  /**
   * Moves the averages towards the weights; call it after `optimizer.step()`.
   *
   * @throws TypeError while the averages are in place of the weights; OutOfMemoryError. Nothing changes then.
   */
  update(): void {
    const self = raw(this);
    self.#refuseStored("update");
    const decay = self.#nAveraged === 0 ? 0 : self.#decay;
    noGrad(() =>
      tidy(() => {
        const moved = self.#averages().map((average, i) => {
          const param = self.#params[i] as Tensor;
          // 0 times infinity would be NaN.
          return decay === 0 ? param : average.add(param.sub(average).mul(1 - decay));
        });
        copyInto(self.#averages(), moved);
      }),
    );
    if (!gradMode.rehearsal) self.#nAveraged++;
  }

  /**
   * Runs `fn` with the averages in place of the weights, and puts the weights back, also after an error.
   *
   * @param fn Say, an evaluation. Where it gives a promise, the weights are put back when that settles.
   * @returns What `fn` returned.
   * @throws TypeError for what is no function, or while the averages are in place already; OutOfMemoryError; and what `fn` throws.
   */
  apply<T>(fn: () => T): T {
    const self = raw(this);
    checkFunction("apply", fn, "write ema.apply(() => { ... })");
    self.store();
    let result: T | undefined;
    let isPending = false;
    try {
      result = fn();
      isPending = isPromise(result);
    } finally {
      if (!isPending) self.#putBack();
    }
    if (!isPending) return result as T;
    return Promise.resolve(result).finally(() => self.#putBack()) as T;
  }

  /**
   * Puts the averages in place of the weights and keeps these, until `restore()`.
   *
   * @throws TypeError while they are in place already; OutOfMemoryError. Nothing changes then.
   */
  store(): void {
    const self = raw(this);
    self.#refuseStored("store");
    const stored = copiesOf(self.#params);
    try {
      copyInto(self.#params, self.#averages());
    } catch (error) {
      for (const state of stored) state.dispose();
      throw error;
    }
    self.#stored = stored;
  }

  /** Puts the weights back that `store()` kept. @throws TypeError where it kept none. */
  restore(): void {
    const self = raw(this);
    const stored = self.#stored;
    if (stored === null) throw refusal("restore", "weights that store() kept", "none");
    copyInto(self.#params, tensorsOfStates(stored));
    self.#stored = null;
    for (const state of stored) state.dispose();
  }

  /** The averages and the number of updates. The tensors are the object's own. */
  stateDict(): EMAStateDict {
    const self = raw(this);
    return { nAveraged: self.#nAveraged, averages: self.#averages() };
  }

  /**
   * Restores what `stateDict` gave, by copy.
   *
   * @param dict Its tensors may be typed arrays, too.
   * @throws TypeError, RangeError or ShapeError for what does not fit the parameters; OutOfMemoryError. Nothing changes then.
   */
  loadStateDict(dict: EMAStateDict): void {
    const self = raw(this);
    const op = "loadStateDict";
    if (!isPlainObject(dict)) throw wrongType(op, "{ nAveraged, averages } as stateDict() gives it", dict);
    checkOptionNames(op, dict, { nAveraged: 0, averages: 0 });
    const { nAveraged, averages } = dict as EMAStateDict;
    checkInteger(op, "nAveraged", nAveraged, 0);
    const own = self.#averages();
    if (!Array.isArray(averages) || averages.length !== own.length) throw wrongType(op, `${own.length} averages`, averages);
    const given = Array.from(averages as readonly SavedValue[], (value, i) => fitting(op, `average ${i}`, own[i] as Tensor, value));
    copyInto(own, given);
    self.#nAveraged = nAveraged;
  }

  /** Frees the averages, and puts the weights back where they are not in place. Everything else is refused afterwards. */
  dispose(): void {
    const self = raw(this);
    self.#putBack();
    for (const state of self.#states) state.dispose();
  }

  /** Refuses: JSON has no room for typed elements. @throws TypeError always. */
  toJSON(): never {
    return refuseJson("averages of weights", "await data() of each tensor in ema.stateDict().averages");
  }

  #averages(): Tensor[] {
    const averages = tensorsOfStates(this.#states);
    if (averages.includes(undefined as never)) throw new DisposedError("EMA", "expected averages, got a disposed EMA - make a new one");
    return averages;
  }

  /** Restores what was not restored meanwhile. */
  #putBack(): void {
    if (this.#stored !== null) this.restore();
  }

  #refuseStored(op: string): void {
    if (this.#stored !== null) throw refusal(op, "the weights in their place", "their averages", "call restore() first");
  }
}

// --- internal helpers ---

const tensorsOfStates = (states: readonly OptimizerState[]) => states.map(({ tensors }) => tensors[0] as Tensor);

/** Copies that go along when a module moves to another backend; all or none. */
function copiesOf(params: readonly Tensor[]): OptimizerState[] {
  const copies: OptimizerState[] = [];
  try {
    for (const param of params) copies.push(new OptimizerState(param, 1));
    copyInto(tensorsOfStates(copies), params);
  } catch (error) {
    for (const copy of copies) copy.dispose();
    throw error;
  }
  return copies;
}

function copyInto(targets: readonly Tensor[], values: readonly (Tensor | TypedArray)[]): void {
  copyAll(Object.fromEntries(targets.entries()), Object.fromEntries(values.entries()));
}
