import { gradMode, noGrad } from "../autograd/grad-mode";
import { checkInputs } from "../autograd/run";
import type { Backend, OptimizerUpdate } from "../backend/backend";
import type { Device } from "../backend/storage";
import { referenceOptimizerStep } from "../cpu/optimizer";
import { BRAND, type Brand, isTensor, Raw, raw } from "../errors/brand";
import { describe } from "../errors/describe";
import { refuseJson } from "../errors/misuse";
import { checkBoolean, checkOptionNames, itemsOf, type OptionKind, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { tensorsOf } from "../nn/parameter";
import type { Tensor } from "../tensor/tensor";
import { tidy } from "../tensor/tidy";
import { checkGradient, dropGrad } from "../tensor/transfer";
import { composedStep, type StepRule } from "./composed-step";
import { Growth } from "./growth";
import { checkSavedGroups, checkSavedState, OptimizerState, type OptimizerStateDict } from "./state";

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

/** What a subclass tells of itself. */
export interface OptimizerTraits<Options> {
  /** Shown in messages. */
  readonly name: string;
  /** The options there are. */
  readonly kinds: OptionKinds<Options>;
  /** The options of a group that does not name them. */
  readonly defaults: Options;
}

/**
 * What all optimizers share: parameter groups, state per parameter, and the step, by the backend's kernel or by a formula. With an option `maximize`
 * that is true, a step climbs: gradients change their sign. Mirrors [torch.optim.Optimizer](https://docs.pytorch.org/docs/stable/optim.html#torch.optim.Optimizer).
 */
export abstract class Optimizer<Options extends object> extends Raw {
  /** The groups with their options. Change these to change, say, the learning rate. */
  readonly paramGroups: FullGroup<Options>[] = [];
  /** @internal How often `step` was called: schedulers say where they are stepped first. */
  stepCount = 0;
  readonly #growth = new Growth();
  readonly #states = new Map<Tensor, OptimizerState>();
  readonly #name: string;
  readonly #defaults: Options;
  readonly #groupKinds: Readonly<Record<string, OptionKind>>;

  /**
   * @param traits What the subclass tells of itself.
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups.
   * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient, or an option that is not there.
   */
  constructor({ name, kinds, defaults }: OptimizerTraits<Options>, params: Params<Options>, options: Partial<Options> | undefined) {
    super();
    this.#name = name;
    this.#defaults = { ...defaults, ...optionsOf<Partial<Options>>(name, options, kinds) };
    this.#groupKinds = { ...kinds, params: "any" };
    const list = isTensor(params)
      ? [params]
      : itemsOf<unknown, unknown>(name, "parameters or groups of them, such as model.parameters()", params, (item) =>
          checkGroup(name, item),
        );
    if (list.length === 0) throw new RangeError(`${name}: expected at least one parameter, got none - pass model.parameters()`);
    const groups = list.every(isTensor) ? [{ params: list }] : list;
    for (const group of groups) this.addParamGroup(group as ParamGroup<Options>);
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Optimizer";
  }

  /**
   * Adds parameters with options of their own.
   *
   * @throws TypeError for what is no leaf that requires a gradient, RangeError for one that is in already or options out of range.
   */
  addParamGroup(group: ParamGroup<Options>): void {
    const self = raw(this);
    const name = self.#name;
    checkGroup(name, group);
    const { params: given, ...options } = optionsOf<{ params: Iterable<Tensor> | Tensor }>(name, group, self.#groupKinds as never);
    const params = tensorsOf(name, given as Iterable<Tensor> | Tensor);
    const known = new Set(self.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      checkInputs(name, [param]);
      if (!param.isLeaf || !param.requiresGrad)
        throw wrongType(name, "leaves that require a gradient", param, "set requiresGrad on what was not computed");
      if (known.has(param)) throw new RangeError(`${name}: expected each parameter once, got ${describe(param)} twice`);
      known.add(param);
    }
    const full = { ...self.#defaults, ...options, params } as FullGroup<Options>;
    self.checkOptions(full as unknown as Options);
    self.paramGroups.push(ownCopy(full));
  }

  /**
   * Updates every parameter that has a gradient, in place. What is refused, or finds no memory, leaves parameters, state and gradients as they were.
   *
   * @throws ShapeError, TypeError or BackendMismatchError for a gradient that does not fit; TypeError or RangeError for an option that became undefined, NaN
   *   or unknown; OutOfMemoryError.
   */
  step(): void {
    const self = raw(this);
    for (const group of self.paramGroups) {
      checkOptionNames(self.#name, group, self.#groupKinds);
      for (const name in self.#groupKinds)
        if (self.#groupKinds[name] === "flag") checkBoolean(self.#name, name, group[name as keyof typeof group]);
      self.checkOptions(group as unknown as Options);
      for (const param of group.params) {
        if (param.grad !== null) checkGradient("step", param, param.grad);
      }
    }
    const updates: Update[] = [];
    try {
      noGrad(() =>
        tidy(() => {
          for (const group of self.paramGroups) {
            for (const param of group.params) {
              if (param.grad !== null) self.#prepare(updates, param, param.grad, group as unknown as Options);
            }
          }
          // All memory is there; from here on nothing is refused.
          self.#carryOut(updates);
          if (gradMode.rehearsal) return;
          self.stepCount++;
          const [first] = updates;
          if (first !== undefined) self.#growth.step(first.param.storage.device);
        }),
      );
    } finally {
      // Of an update that was not counted.
      for (const { param, state } of updates) if (self.#states.get(param) !== state) state.dispose();
    }
  }

  /** Drops all gradients, so that the next backward starts anew. */
  zeroGrad(): void {
    for (const param of raw(this).#allParams()) dropGrad(param);
  }

  /** The options of each group and the state of each parameter, by its place over all groups. The tensors are the optimizer's own. */
  stateDict(): OptimizerStateDict {
    const self = raw(this);
    const params = self.#allParams();
    let next = 0;
    return {
      paramGroups: self.paramGroups.map(({ params: own, ...options }) => ownCopy({ ...options, params: own.map(() => next++) })),
      state: Object.fromEntries(
        params.flatMap((param, i) => {
          const state = self.#states.get(param);
          return state === undefined ? [] : [[i, state.saved()] as const];
        }),
      ),
    };
  }

  /**
   * Restores what `stateDict` gave, by copy.
   *
   * @param dict Its tensors may be typed arrays, too.
   * @throws RangeError when groups or parameters do not match, or for an option out of range; ShapeError and TypeError for state of another form,
   *   shape or dtype, or an option that is not there; OutOfMemoryError. Nothing changes then.
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const self = raw(this);
    const params = self.#allParams();
    const saved = checkSavedGroups(
      dict,
      self.paramGroups.map((group) => group.params.length),
    );
    const groups = self.paramGroups.map((group, i) => {
      const { params: _, ...options } = optionsOf<{ params: unknown }>("loadStateDict", saved[i], self.#groupKinds as never);
      const full = { ...group, ...options };
      self.checkOptions(full as unknown as Options);
      return ownCopy(full);
    });
    const counts = groups.flatMap((group) => group.params.map(() => self.stateCount(group as unknown as Options)));
    const states = OptimizerState.allFromSaved(checkSavedState(dict, params, counts));
    // All is accepted; from here on nothing is refused.
    self.paramGroups.forEach((group, i) => {
      Object.assign(group, groups[i]);
    });
    self.dispose();
    for (const [param, state] of states) self.#states.set(param, state);
  }

  /** Frees the optimizer's state (momentum and the like). */
  dispose(): void {
    const self = raw(this);
    for (const state of self.#states.values()) state.dispose();
    self.#states.clear();
  }

  /** Refuses: JSON has no room for typed elements. @throws TypeError always. */
  toJSON(): never {
    return refuseJson("an optimizer", "await data() of each tensor in stateDict().state, and keep these beside paramGroups");
  }

  /** Refuses `options` out of range. @throws RangeError for them, TypeError for those of a wrong type. */
  protected abstract checkOptions(options: Options): void;

  /** How many tensors of state each parameter has under these `options`. */
  protected abstract stateCount(options: Options): number;

  /** One step of a parameter under these `options`. `step` counts from 1; `muProduct` is what its last rule said, 1 at first. */
  protected abstract rule(options: Options, step: number, muProduct: number): StepRule;

  #allParams(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  /** Adds one parameter's update, with all memory that it needs; nothing that exists is written. */
  #prepare(updates: Update[], param: Tensor, grad: Tensor, options: Options): void {
    const count = this.stateCount(options);
    const known = this.#states.get(param);
    // A momentum that is switched on or off between steps starts its state anew.
    const state = known?.tensors.length === count ? known : new OptimizerState(param, count);
    const update: Update = { param, state, muProduct: 1 };
    updates.push(update);
    const { tensors } = state;
    checkInputs("step", [param, ...tensors]);
    const g = (options as { maximize?: boolean }).maximize ? grad.neg() : grad;
    const { formula, spec, muProduct = 1 } = this.rule(options, state.step + 1, state.muProduct);
    update.muProduct = muProduct;
    if (spec && param.isContiguous() && g.isContiguous() && optimizerKernel(param.storage.device)) {
      update.order = { spec, param: param.layout, grad: g.layout, state: tensors.map(({ layout }) => layout) };
    } else {
      update.write = composedStep(formula, param, g, tensors);
    }
  }

  /** Writes the new values: those that were computed one by one, those for a kernel in one call for each device. Counts what is written. */
  #carryOut(updates: readonly Update[]): void {
    for (const update of updates) {
      update.write?.();
      if (update.write) this.#count(update);
    }
    for (const device of new Set(updates.map(({ param }) => param.storage.device))) {
      const own = updates.filter(({ order, param }) => order && param.storage.device === device);
      optimizerKernel(device)?.(own.map(({ order }) => order as OptimizerUpdate));
      for (const update of own) this.#count(update);
    }
  }

  /** Notes that an update is written. */
  #count({ param, state, muProduct }: Update): void {
    if (gradMode.rehearsal) return;
    state.step++;
    state.muProduct = muProduct;
    param.storage.version++;
    for (const { storage } of state.tensors) storage.version++;
    const known = this.#states.get(param);
    if (known !== state) known?.dispose();
    this.#states.set(param, state);
  }
}

/** The backend's kernel, or the reference one on its memory; none on a device that has neither. */
export function optimizerKernel({ kernels, view }: Device): Backend["optimizerStep"] {
  return kernels.optimizerStep ?? (view && referenceOptimizerStep(view));
}

// --- internal helpers ---

/** One parameter's part of a step. */
interface Update {
  readonly param: Tensor;
  readonly state: OptimizerState;
  muProduct: number;
  /** What a kernel is to do; or, where there is none, a function that writes what was computed. Neither needs memory. */
  order?: OptimizerUpdate;
  write?: () => void;
}

/** Options of an optimizer's own: arrays that a caller gave, such as betas, are copied. */
function ownCopy<T extends object>(options: T): T {
  const own = { ...options };
  for (const name in own) if (Array.isArray(own[name])) own[name] = [...own[name]] as T[typeof name];
  return own;
}

/** A tensor or a group of them; each is looked at closely when it is added. */
function checkGroup(name: string, item: unknown): unknown {
  if (isTensor(item) || (typeof item === "object" && item !== null && "params" in item)) return item;
  throw wrongType(name, "parameters or groups { params }", item);
}
