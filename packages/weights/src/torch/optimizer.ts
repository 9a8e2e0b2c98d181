import type { TensorLike } from "../item";
import { isTensorLike } from "../item";
import { wrongType, wrongValue } from "../refusal";
import { isPlainObject } from "../signal";
import type { Weight } from "../weight";
import { entriesOf } from "./entries";
import type { WritableTorch } from "./write";

/** The state of one parameter, as optimizers of `@dropwise/core` have it. */
export interface OptimizerStateLike<T> {
  /** Steps taken. */
  readonly step: number;
  /** What the optimizer keeps, in its own order. */
  readonly tensors: readonly T[];
  /** NAdam's `mu_product`. */
  readonly muProduct?: number;
}

/** What `stateDict()` of an optimizer of `@dropwise/core` gives, and its `loadStateDict` takes. */
export interface OptimizerDictLike<T> {
  /** Each group's options, and the places of its parameters over all groups. */
  readonly paramGroups: readonly ({
    /** The places. */
    readonly params: readonly number[];
  } & Readonly<Record<string, unknown>>)[];
  /** By parameter place. */
  readonly state: Readonly<Record<string, OptimizerStateLike<T>>>;
}

/** The state of an optimizer as PyTorch has it, to be written by `writeTorch`. A type, for that one takes plain objects. */
export type TorchOptimizerDict = {
  /** By parameter place. */
  state: Map<number, Record<string, TensorLike | Weight>>;
  /** Each group's options, and the places of its parameters over all groups. */
  param_groups: Record<string, WritableTorch>[];
};

/**
 * The state of an optimizer of PyTorch, for the `loadStateDict` of the same optimizer here: training goes on where it was.
 *
 * All optimizers that both have are known: SGD, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Adadelta, Adagrad. What only says how PyTorch runs is left out: `foreach`, `fused`,
 * `capturable`, `differentiable`, names of parameters, and what schedulers keep in groups (`initial_lr` and the like). `decoupled_weight_decay` of Adam's is left out, too: it says
 * whether it was AdamW, which here is a class: make the same one. Other options go along, and `loadStateDict` refuses those that it does not know.
 *
 * @param dict What `readTorch` gives for an `optimizer.state_dict()`.
 * @returns What `optimizer.loadStateDict` takes. Its tensors are typed arrays.
 * @throws TypeError for what is no such dict; RangeError for state that no optimizer here has.
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const file = await writeTorch({ optimizer: optimizerToTorch(optimizer.stateDict()) });
 * const saved = await readTorch<{ optimizer: never }>(file);
 * optimizer.loadStateDict(optimizerFromTorch(saved.optimizer));
 * console.log(optimizer.paramGroups[0]?.lr); // 0.001
 * ```
 */
export function optimizerFromTorch(dict: unknown): OptimizerDictLike<Float32Array | Float64Array> {
  const op = "optimizerFromTorch";
  const { state, param_groups: groups } = (isPlainObject(dict) ? dict : {}) as { state?: unknown; param_groups?: unknown };
  const states = entriesOf(state);
  if (states === undefined || !Array.isArray(groups))
    throw wrongType(op, "{ state, param_groups } as optimizer.state_dict() gives it", dict);
  return {
    paramGroups: groups.map((group) => {
      if (!isPlainObject(group) || !Array.isArray(group.params)) throw wrongType(op, "groups with params", group);
      const isAdam = "amsgrad" in group;
      const options = Object.entries(group)
        .filter(([name]) => !LEFT_OUT.includes(name) && !(isAdam && name === "decoupled_weight_decay"))
        .map(([name, value]) => [camelCase(name), plain(value)]);
      return Object.fromEntries(options);
    }),
    state: Object.fromEntries(
      states.flatMap(([place, saved]) => {
        if (!isPlainObject(saved)) throw wrongType(op, `the state of parameter ${String(place)}`, saved);
        const tensors = tensorsOf(op, saved);
        // Of SGD only whether there was a step matters, which PyTorch does not count.
        const step = saved.step === undefined ? Number(tensors.length > 0) : plain(saved.step);
        if (!Number.isSafeInteger(step)) throw wrongType(op, `the step of parameter ${String(place)} as an integer`, step);
        const { mu_product: product } = saved;
        const whole = { step: step as number, tensors };
        // Adagrad's state before the first step is what it begins with here as well.
        return step === 0 ? [] : [[String(place), product === undefined ? whole : { ...whole, muProduct: plain(product) as number }]];
      }),
    ),
  };
}

/**
 * The state of an optimizer here, for the `load_state_dict` of the same optimizer of PyTorch.
 *
 * @param dict What `optimizer.stateDict()` gives.
 * @returns What `writeTorch` writes as an `optimizer.state_dict()`. It holds the same tensors, not copies.
 * @throws TypeError for what is no such dict; RangeError for options of an optimizer that PyTorch does not have.
 * @example
 * ```ts
 * const optimizer = new optim.SGD([new nn.Parameter(tensor([4]))], { momentum: 0.9 });
 * const file = await writeTorch(optimizerToTorch(optimizer.stateDict())); // optimizer.load_state_dict(torch.load("sgd.pt"))
 * console.log(file.length > 0); // true
 * ```
 */
export function optimizerToTorch(dict: OptimizerDictLike<unknown>): TorchOptimizerDict {
  const op = "optimizerToTorch";
  const { paramGroups: groups, state } = (isPlainObject(dict) ? dict : {}) as Partial<OptimizerDictLike<unknown>>;
  if (!Array.isArray(groups) || !isPlainObject(state))
    throw wrongType(op, "{ paramGroups, state } as optimizer.stateDict() gives it", dict);
  const known = new Map<number, Record<string, TensorLike | Weight>>();
  const written = groups.map((group: OptimizerDictLike<unknown>["paramGroups"][number]) => {
    if (!isPlainObject(group) || !Array.isArray(group.params)) throw wrongType(op, "groups with params", group);
    const { names, hasStep } = keptBy(op, group);
    for (const place of group.params as number[]) {
      const saved = (state as Record<string, OptimizerStateLike<unknown>>)[place];
      if (saved === undefined || (!hasStep && names.length === 0)) continue;
      const { step, tensors, muProduct = 1 } = (isPlainObject(saved) ? saved : {}) as Partial<OptimizerStateLike<unknown>>;
      if (typeof step !== "number" || typeof muProduct !== "number") throw wrongType(op, `numbers of steps for parameter ${place}`, step);
      if (!Array.isArray(tensors) || tensors.length !== names.length)
        throw wrongType(op, `${names.length} tensors of state for parameter ${place}`, tensors);
      const tensorless = (tensors as unknown[]).find((tensor) => typeof tensor !== "object" || tensor === null || !isTensorLike(tensor));
      if (tensorless !== undefined) throw wrongType(op, "tensors of state", tensorless, "pass what stateDict() gives");
      known.set(place, {
        ...(hasStep ? { step: scalar(step) } : {}),
        ...("momentumDecay" in group ? { mu_product: scalar(muProduct) } : {}),
        ...Object.fromEntries(names.map((name, i) => [name, (tensors as TensorLike[])[i] as TensorLike])),
      });
    }
    return Object.fromEntries(Object.entries(group).map(([name, value]) => [snakeCase(name), value])) as Record<string, WritableTorch>;
  });
  return { state: known, param_groups: written };
}

// --- internal helpers ---

/** How PyTorch runs, and what its schedulers keep. */
const LEFT_OUT: readonly string[] = [
  "foreach",
  "fused",
  "capturable",
  "differentiable",
  "param_names",
  "initial_lr",
  "min_lr",
  "max_lr",
  "base_momentum",
  "max_momentum",
];

/** What optimizers keep, in the order in which those here do: no two of them disagree. */
const KEPT: readonly string[] = [
  "exp_avg",
  "exp_avg_sq",
  "max_exp_avg_sq",
  "exp_inf",
  "sum",
  "square_avg",
  "acc_delta",
  "momentum_buffer",
  "grad_avg",
];

/** What an optimizer keeps, by the options that only it has. */
function keptBy(op: string, group: Readonly<Record<string, unknown>>): { names: string[]; hasStep: boolean } {
  const { momentum, centered, amsgrad } = group;
  const kept = (...names: (string | false)[]) => ({ names: names.filter((name) => name !== false), hasStep: true });
  if ("nesterov" in group) return { names: momentum === 0 ? [] : ["momentum_buffer"], hasStep: false };
  if ("lrDecay" in group) return kept("sum");
  if ("rho" in group) return kept("square_avg", "acc_delta");
  if ("alpha" in group) return kept("square_avg", momentum !== 0 && "momentum_buffer", centered === true && "grad_avg");
  if ("amsgrad" in group) return kept("exp_avg", "exp_avg_sq", amsgrad === true && "max_exp_avg_sq");
  if ("decoupledWeightDecay" in group) return kept("exp_avg", "exp_avg_sq");
  if ("betas" in group) return kept("exp_avg", "exp_inf");
  throw wrongValue(op, "options of an optimizer that PyTorch has", Object.keys(group).join(", "));
}

function tensorsOf(op: string, saved: Readonly<Record<string, unknown>>): (Float32Array | Float64Array)[] {
  for (const [name, value] of Object.entries(saved))
    if (!KEPT.includes(name) && name !== "step" && name !== "mu_product" && value !== null)
      throw wrongValue(op, `state of ${KEPT.join(", ")}`, name, "no optimizer here keeps that");
  return KEPT.flatMap((name) => {
    const value = saved[name];
    if (value === undefined || value === null) return [];
    const { data } = value as Partial<Weight>;
    if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw wrongType(op, `a tensor of floats as ${name}`, value);
    return [data];
  });
}

/** A number, also where PyTorch keeps it in a tensor, or lists of them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const { data } = (typeof value === "object" && value !== null ? value : {}) as Partial<Weight>;
  return ArrayBuffer.isView(data) && data.length === 1 ? Number(data[0]) : value;
}

/** As PyTorch keeps numbers that change in each step. */
const scalar = (value: number): Weight => ({ shape: [], dtype: "float32", data: new Float32Array([value]) });

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
