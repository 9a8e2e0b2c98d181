import type { TypedArray } from "../dtype/dtype";
import { isPlainObject } from "../errors/brand";
import { describe } from "../errors/describe";
import { checkInteger, checkNumber } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { fitting, type SavedValue } from "../nn/saved-tensor";
import { copyAll } from "../nn/state-dict";
import { zeros } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { keep } from "../tensor/tidy";

/** One parameter's state as `stateDict` gives it. */
export interface SavedState {
  /** Steps taken. */
  readonly step: number;
  /** The momentum of SGD; the averages of the gradient and of its square of Adam. Of the parameter's shape and dtype. */
  readonly tensors: readonly SavedValue[];
  /** NAdam's `mu_product`. Default: 1. */
  readonly muProduct?: number;
}

/** What an optimizer's `stateDict` gives. */
export interface OptimizerStateDict {
  /** Each group's options, and the places of its parameters over all groups. */
  readonly paramGroups: readonly ({
    /** The places. */
    readonly params: readonly number[];
  } & Readonly<Record<string, unknown>>)[];
  /** By parameter place. */
  readonly state: Readonly<Record<string, SavedState>>;
}

/** The tensors an optimizer keeps for one parameter, zeros at first, and the number of steps taken. They go along when the parameter's module moves to another backend. */
export class OptimizerState {
  step = 0;
  muProduct = 1;
  /** In the order in which kernels and formulas take them. */
  tensors: Tensor[] = [];

  constructor(param: Tensor, count: number) {
    try {
      for (let i = 0; i < count; i++) this.tensors.push(keep(zeros(param.sizes, { dtype: param.dtype, backend: param.backend })));
    } catch (error) {
      this.dispose();
      throw error;
    }
    // The parameter takes them along when its module moves, and does not keep them alive.
    const living = (param.followers ?? []).filter((ref) => ref.deref()?.isDisposed === false);
    param.followers = [...living, ...this.tensors.map((tensor) => new WeakRef(tensor))];
  }

  /** States with copies of saved values that `checkSavedState` accepted; all or none. */
  static allFromSaved(saved: ReadonlyMap<Tensor, SavedState>): Map<Tensor, OptimizerState> {
    const states = new Map<Tensor, OptimizerState>();
    try {
      for (const [param, { step, tensors, muProduct }] of saved) {
        const state = new OptimizerState(param, tensors.length);
        states.set(param, state);
        state.step = step;
        state.muProduct = muProduct as number;
        const targets = Object.fromEntries(state.tensors.entries());
        copyAll(targets, Object.fromEntries(tensors.entries()) as Record<string, Tensor | TypedArray>);
      }
    } catch (error) {
      for (const state of states.values()) state.dispose();
      throw error;
    }
    return states;
  }

  /** As `stateDict` gives it. */
  saved(): SavedState {
    const { step, tensors, muProduct } = this;
    return muProduct === 1 ? { step, tensors } : { step, tensors, muProduct };
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose();
    this.tensors = [];
  }
}

/** The groups of what a `stateDict` gave, when there are as many as here, of as many parameters. */
export function checkSavedGroups(dict: OptimizerStateDict, sizes: readonly number[]): OptimizerStateDict["paramGroups"] {
  if (!isPlainObject(dict) || !Array.isArray(dict.paramGroups) || !isPlainObject(dict.state))
    throw new TypeError(`${OP}: expected { paramGroups, state } as stateDict() gives it, got ${describe(dict)}${describeParts(dict)}`);
  const groups = dict.paramGroups as OptimizerStateDict["paramGroups"];
  // Before they are gone through, which takes as long as there are many.
  if (groups.length !== sizes.length) throw wrongValue(OP, `groups of ${sizes.join(", ")} parameters`, groups);
  let place = 0;
  return sizes.map((size, i) => {
    const group = groups[i] as OptimizerStateDict["paramGroups"][number];
    if (!isPlainObject(group) || !Array.isArray(group.params)) throw wrongType(OP, "groups { params: [0, 1, ...] }", group);
    if (group.params.length !== size) throw wrongValue(OP, `a group of ${size} parameters`, group.params.length);
    for (const given of group.params)
      if (given !== place++) throw wrongValue(OP, `parameter ${place - 1} at its place in its group`, given);
    return group;
  });
}

/** The saved state by parameter. Refuses what does not fit: numbers of parameters, steps, and tensors of another count, shape, dtype or backend. */
export function checkSavedState(dict: OptimizerStateDict, params: readonly Tensor[], counts: readonly number[]): Map<Tensor, SavedState> {
  const saved = new Map<Tensor, SavedState>();
  for (const [key, state] of Object.entries(dict.state)) {
    const place = Number(key);
    const param = params[place];
    if (param === undefined || String(place) !== key)
      throw new RangeError(`${OP}: expected a parameter number below ${params.length}, got ${JSON.stringify(key)}`);
    saved.set(param, checkState(param, state, counts[place] as number));
  }
  return saved;
}

// --- internal helpers ---

const OP = "loadStateDict";

function describeParts(dict: unknown): string {
  if (typeof dict !== "object" || dict === null) return "";
  const { paramGroups, state } = dict as Record<string, unknown>;
  return ` with paramGroups ${describe(paramGroups)} and state ${describe(state)}`;
}

function checkState(param: Tensor, saved: SavedState, count: number): SavedState {
  if (!isPlainObject(saved) || !Array.isArray(saved.tensors)) throw wrongType(OP, "state { step, tensors }", saved);
  const step: unknown = saved.step;
  checkInteger(OP, "step", step, 0);
  const { muProduct = 1 } = saved;
  checkNumber(OP, "muProduct", muProduct);
  if (saved.tensors.length !== count) throw wrongValue(OP, `${count} tensors of state for ${describe(param)}`, saved.tensors.length);
  const tensors = Array.from(saved.tensors, (value) => fitting(OP, `the state of ${describe(param)}`, param, value));
  return { step, tensors, muProduct };
}
