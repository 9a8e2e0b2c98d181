import { checkInputs } from "../autograd/run";
import { withScope } from "../autograd/scope";
import type { OptimizerSpec } from "../backend/backend";
import { referenceOptimizerStep } from "../cpu/optimizer";
import { describe, ShapeError } from "../errors/errors";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { isTensor } from "../tensor/tidy";
import { composedStep } from "./composed-step";
import { checkSaved, OptimizerState, type OptimizerStateDict } from "./state";

/** Parameters with options of their own; what is left out comes from the optimizer. */
export type ParamGroup<Options> = {
  /** The group's parameters: leaves that require a gradient. */
  readonly params: Iterable<Tensor> | Tensor;
} & Partial<Options>;

/** Parameters as an optimizer takes them. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>> | Tensor;

/** A group as an optimizer holds it: its parameters and all options, which may be changed between steps (`group.lr = ...`). */
export type FullGroup<Options> = {
  /** The group's parameters. */
  params: Tensor[];
} & { -readonly [K in keyof Options]: Options[K] };

/**
 * What SGD, Adam and AdamW share: parameter groups, state per parameter, and the step through the backend's kernel. Mirrors
 * [torch.optim.Optimizer](https://docs.pytorch.org/docs/stable/optim.html#torch.optim.Optimizer).
 */
export abstract class Optimizer<Options extends object> {
  /** The groups with their options. Change these to change, say, the learning rate. */
  readonly paramGroups: FullGroup<Options>[] = [];
  readonly #states = new Map<Tensor, OptimizerState>();
  readonly #defaults: Options;

  /**
   * @param name Shown in messages.
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param defaults The options of a group that does not name them.
   * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
   */
  constructor(name: string, params: Params<Options>, defaults: Options) {
    this.#defaults = defaults;
    if (!isTensor(params) && typeof (params as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] !== "function")
      throw new TypeError(`${name}: expected parameters or groups of them, got ${describe(params)} - pass model.parameters()`);
    const list = isTensor(params) ? [params] : [...(params as Iterable<Tensor | ParamGroup<Options>>)];
    if (list.length === 0) throw new RangeError(`${name}: expected at least one parameter, got none - pass model.parameters()`);
    if (list.every(isTensor)) this.addParamGroup({ params: list as Tensor[] } as unknown as ParamGroup<Options>);
    else for (const group of list) this.addParamGroup(group as ParamGroup<Options>);
  }

  /**
   * Adds parameters with options of their own.
   *
   * @throws TypeError for what is no leaf that requires a gradient, RangeError for one that is in already or options out of range.
   */
  addParamGroup(group: ParamGroup<Options>): void {
    if (typeof group !== "object" || group === null || !("params" in group)) {
      throw new TypeError(`optimizer: expected parameters or groups { params }, got ${describe(group)}`);
    }
    const params = isTensor(group.params) ? [group.params] : [...group.params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!isTensor(param)) throw new TypeError(`optimizer: expected tensors as parameters, got ${describe(param)}`);
      if (!param.isLeaf || !param.requiresGrad)
        throw new TypeError(`optimizer: expected leaves that require a gradient, got ${describe(param)}`);
      if (known.has(param)) throw new RangeError(`optimizer: expected each parameter once, got ${describe(param)} twice`);
      known.add(param);
    }
    const full = { ...this.#defaults, ...group, params } as FullGroup<Options>;
    this.checkOptions(full as unknown as Options);
    this.paramGroups.push(full);
  }

  /**
   * Updates every parameter that has a gradient, in place.
   *
   * @throws ShapeError, TypeError or BackendMismatchError for a gradient that does not fit; nothing changes then.
   */
  step(): void {
    // All are checked before the first is written: a refused step changes nothing.
    for (const param of this.#allParams()) if (param.grad !== null) checkGrad(param, param.grad);
    for (const group of this.paramGroups) {
      for (const param of group.params) {
        if (param.grad !== null) this.#update(param, param.grad, group as unknown as Options);
      }
    }
  }

  /** Drops all gradients, so that the next backward starts anew. */
  zeroGrad(): void {
    for (const param of this.#allParams()) {
      param.grad?.dispose();
      param.grad = null;
    }
  }

  /** The options of each group and the state of each parameter, by its place over all groups. The tensors are the optimizer's own. */
  stateDict(): OptimizerStateDict {
    const params = this.#allParams();
    let next = 0;
    return {
      paramGroups: this.paramGroups.map(({ params: own, ...options }) => ({ ...options, params: own.map(() => next++) })),
      state: Object.fromEntries(
        params.flatMap((param, i) => {
          const state = this.#states.get(param);
          return state === undefined ? [] : [[i, state.toJSON()] as const];
        }),
      ),
    };
  }

  /**
   * Restores what `stateDict` gave, by copy.
   *
   * @param dict Its tensors may be typed arrays, too.
   * @throws RangeError when groups or parameters do not match, TypeError for state of another form or dtype; nothing changes then.
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const params = this.#allParams();
    const sizes = dict?.paramGroups?.map((group) => group.params.length) ?? [];
    if (sizes.join() !== this.paramGroups.map((group) => group.params.length).join()) {
      throw new RangeError(
        `loadStateDict: expected groups of ${this.paramGroups.map((g) => g.params.length).join(", ")} parameters, got ${sizes.join(", ") || "none"}`,
      );
    }
    const groups = this.paramGroups.map((group, i) => {
      const { params: _, ...options } = dict.paramGroups[i] as Record<string, unknown>;
      const full = { ...group, ...options };
      this.checkOptions(full as unknown as Options);
      return full;
    });
    const counts = groups.flatMap((group) => group.params.map(() => this.stateCount(group as unknown as Options)));
    const saved = Object.entries(dict.state ?? {}).map(([i, state]) => {
      const param = params[Number(i)];
      if (param === undefined) throw new RangeError(`loadStateDict: expected a parameter number below ${params.length}, got ${i}`);
      checkSaved(param, state, counts[Number(i)] as number);
      return [param, state] as const;
    });
    // All is accepted; from here on nothing is refused.
    const states = saved.map(([param, state]) => [param, OptimizerState.fromSaved(param, state)] as const);
    this.paramGroups.forEach((group, i) => {
      Object.assign(group, groups[i]);
    });
    for (const state of this.#states.values()) state.dispose();
    this.#states.clear();
    for (const [param, state] of states) this.#states.set(param, state);
  }

  /** Frees the optimizer's state (momentum and the like). */
  dispose(): void {
    for (const state of this.#states.values()) state.dispose();
    this.#states.clear();
  }

  /** Refuses `options` out of range. @throws RangeError for them, TypeError for those of a wrong type. */
  protected abstract checkOptions(options: Options): void;

  /** How many tensors of state each parameter has under these `options`. */
  protected abstract stateCount(options: Options): number;

  /** One step's work order under these `options`; `step` counts from 1. */
  protected abstract spec(options: Options, step: number): OptimizerSpec;

  #allParams(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  #update(param: Tensor, grad: Tensor, options: Options): void {
    let state = this.#states.get(param);
    const count = this.stateCount(options);
    // A momentum that is switched on or off between steps starts its state anew.
    if (state === undefined || state.tensors.length !== count) {
      state?.dispose();
      state = new OptimizerState(param, count);
      this.#states.set(param, state);
    }
    const { tensors } = state;
    checkInputs("step", [param, ...tensors]);
    const spec = this.spec(options, ++state.step);
    const { kernels, view } = param.storage.device;
    const optimizerStep = kernels.optimizerStep ?? (view && referenceOptimizerStep(view));
    if (optimizerStep !== undefined && param.isContiguous() && grad.isContiguous()) optimizerStep(spec, param, grad, tensors);
    else
      withScope(
        true,
        () => composedStep(spec, param, grad, tensors),
        () => [],
      );
    for (const { storage } of [param, ...tensors]) storage.version++;
  }
}

// --- internal helpers ---

function checkGrad(param: Tensor, grad: Tensor): void {
  checkInputs("step", [param, grad]);
  if (!sameShape(param.shape, grad.shape)) {
    const detail = `expected a gradient of shape ${formatShape(param.shape)}, got ${formatShape(grad.shape)} - set grad to null, or to one that fits`;
    throw new ShapeError("step", [param.shape, grad.shape], detail);
  }
  if (grad.dtype !== param.dtype)
    throw new TypeError(`step: expected a ${param.dtype} gradient, got ${grad.dtype} - convert it with type()`);
}
