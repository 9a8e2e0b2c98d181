import type { Layout } from "../autograd/node";
import { withScope } from "../autograd/scope";
import type { TypedArray } from "../dtype/dtype";
import { brandOf, isPlainObject, isTensor, raw } from "../errors/brand";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { computedLayout } from "../ops/layout";
import { overwriteBy } from "../ops/overwrite";
import type { Tensor } from "../tensor/tensor";
import { layoutFrom } from "../tensor/transfer";
import { fitting, type SavedValue } from "./saved-tensor";

/** Values for parameters and buffers by name: tensors, typed arrays in row-major order, or what a reader of files gives. */
export type StateDict = Readonly<Record<string, SavedValue>>;

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /** Refuse names that are missing or not expected. Default: true; false loads what there is. */
  readonly strict?: boolean;
  /** Convert elements of other dtypes. Default: false; only int64 goes into int32, and only where every number fits. */
  readonly convert?: boolean;
  /** Names in the module for names in the state: a map, in which others stay as they are, or a function, for which null leaves a value out. Default: none. */
  readonly rename?: Readonly<Record<string, string>> | ((name: string) => string | null);
}

/** Which names did not meet. */
export interface LoadedStateDict {
  /** Those of the module for which there was no value; they keep theirs. */
  readonly missing: string[];
  /** Those of the state, after renaming, that the module does not have. */
  readonly unexpected: string[];
}

/** Copies `values` into `targets`. Checks everything first, so that a refusal changes nothing. */
export function loadState(
  targets: Readonly<Record<string, Tensor>>,
  values: StateDict,
  options: LoadStateDictOptions | undefined,
): LoadedStateDict {
  const { strict = true, convert = false, rename } = optionsOf<LoadStateDictOptions>(OP, options, LOAD);
  const given = renamed(valuesOf(values), rename);
  const missing = Object.keys(targets).filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !Object.hasOwn(targets, name));
  if (strict && (missing.length > 0 || unexpected.length > 0)) {
    throw new RangeError(
      `${OP}: expected exactly the names of the module, got ${missing.length} missing (${some(missing)}) and ${unexpected.length} unexpected (${some(unexpected)})`,
    );
  }
  withScope(
    false,
    () => {
      const met = Object.entries(targets).filter(([name]) => given.has(name));
      const fit = met.map(([name, target]) => [name, fitting(OP, JSON.stringify(name), target, given.get(name), convert)] as const);
      copyAll(Object.fromEntries(met), Object.fromEntries(fit));
    },
    () => [],
  );
  return { missing, unexpected };
}

/**
 * Copies values that fit over targets of the same names. What needs memory comes first, so that a failure changes nothing; so does a copy of each value
 * that lies in a target's memory, such as another target or a view of itself.
 */
export function copyAll(targets: Readonly<Record<string, Tensor>>, values: Readonly<Record<string, Tensor | TypedArray>>): void {
  const written = new Set(Object.values(targets).map(({ storage }) => storage));
  const sources = new Map<Tensor, Layout>();
  const copies: Layout[] = [];
  const copied = (copy: Layout): Layout => {
    copies.push(copy);
    return copy;
  };
  try {
    for (const [name, target] of Object.entries(targets)) {
      const value = values[name] as Tensor | TypedArray;
      const { device } = target.storage;
      if (!isTensor(value)) sources.set(target, copied(layoutFrom(device, target.dtype, target.sizes, () => value)));
      else if (raw(value) === target) continue;
      else if (!written.has(raw(value).storage)) sources.set(target, raw(value).layout);
      else
        sources.set(
          target,
          copied(computedLayout(device, target.dtype, target.sizes, (out, kernels) => kernels.copy(raw(value).layout, out))),
        );
    }
    for (const [target, source] of sources) overwriteBy(target, source);
  } finally {
    for (const { storage } of copies) storage.release();
  }
}

// --- internal helpers ---

const OP = "loadStateDict";

const LOAD: OptionKinds<LoadStateDictOptions> = { strict: "flag", convert: "flag", rename: "any" };

/** How many names a message lists. */
const MAX_LISTED = 10;

function some(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return `${names.slice(0, MAX_LISTED).join(", ")}${names.length > MAX_LISTED ? ", ..." : ""}`;
}

/** The values, each read once. */
function valuesOf(values: unknown): Record<string, unknown> {
  if (isPlainObject(values)) return { ...(values as StateDict) };
  const isModule = brandOf(values) === "Module";
  const advice = isModule ? "pass its stateDict()" : "make one with Object.fromEntries(entries)";
  throw wrongType(OP, "an object of tensors", values, advice);
}

/** The values by the names that the module is to know them by. */
function renamed(values: Record<string, unknown>, rename: unknown): Map<string, unknown> {
  const isMap = isPlainObject(rename) && Object.values(rename).every((name) => typeof name === "string");
  if (rename !== undefined && typeof rename !== "function" && !isMap)
    throw wrongType(OP, "rename to be an object of names or a function", rename);
  const named = new Map<string, unknown>();
  for (const [name, value] of Object.entries(values)) {
    const other: unknown =
      typeof rename === "function"
        ? rename(name)
        : rename !== undefined && Object.hasOwn(rename, name)
          ? (rename as StateDict)[name]
          : name;
    if (other === null) continue;
    if (typeof other !== "string") throw wrongType(OP, `rename to give a name or null for ${JSON.stringify(name)}`, other);
    if (named.has(other)) throw wrongValue(OP, "rename to give each name once", other);
    named.set(other, value);
  }
  return named;
}
