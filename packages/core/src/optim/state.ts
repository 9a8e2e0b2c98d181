import { checkInputs } from "../autograd/run";
import { dtypeOf, type TypedArray } from "../dtype/dtype";
import { describe } from "../errors/errors";
import { overwrite } from "../nn/state-dict";
import { zeros } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { isTensor, keep } from "../tensor/tidy";

/** One parameter's state as `stateDict` gives it. */
export interface SavedState {
  /** Steps taken. */
  readonly step: number;
  /** The momentum of SGD; the averages of the gradient and of its square of Adam. Of the parameter's shape and dtype. */
  readonly tensors: readonly (Tensor | TypedArray)[];
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
  #tensors: Tensor[];

  constructor(param: Tensor, count: number) {
    this.#tensors = Array.from({ length: count }, () => keep(zeros(param.shape, { dtype: param.dtype, backend: param.backend })));
    // The parameter takes them along when its module moves, and does not keep them alive.
    param.followers = [...(param.followers ?? []), ...this.#tensors.map((tensor) => new WeakRef(tensor))];
  }

  /** A state with copies of saved values that `checkSaved` accepted. */
  static fromSaved(param: Tensor, saved: SavedState): OptimizerState {
    const state = new OptimizerState(param, saved.tensors.length);
    state.step = saved.step;
    saved.tensors.forEach((value, i) => {
      overwrite(state.#tensors[i] as Tensor, value);
    });
    return state;
  }

  /** The tensors, in the order in which kernels take them. */
  get tensors(): readonly Tensor[] {
    return this.#tensors;
  }

  /** @internal For `stateDict`. */
  toJSON(): SavedState {
    return { step: this.step, tensors: this.#tensors };
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors = [];
  }
}

/** Refuses saved values that are no `count` tensors or arrays of the parameter's size, dtype and backend. */
export function checkSaved(param: Tensor, saved: SavedState, count: number): void {
  const op = "loadStateDict";
  if (!Array.isArray(saved?.tensors) || !Number.isSafeInteger(saved.step))
    throw new TypeError(`${op}: expected state { step, tensors }, got ${describe(saved)}`);
  if (saved.tensors.length !== count)
    throw new RangeError(`${op}: expected ${count} tensors of state for ${describe(param)}, got ${saved.tensors.length}`);
  for (const value of saved.tensors as (Tensor | TypedArray)[]) {
    const dtype = isTensor(value) ? value.dtype : dtypeOf(value);
    if (dtype !== param.dtype) throw new TypeError(`${op}: expected state of dtype ${param.dtype}, got ${describe(value)}`);
    const size = isTensor(value) ? value.size : value.length;
    if (size !== param.size) throw new RangeError(`${op}: expected state of ${param.size} elements, got ${size} for ${describe(param)}`);
    if (isTensor(value)) checkInputs(op, [param, value]);
  }
}
