import type { Layout } from "../autograd/node";
import { checkInputs } from "../autograd/run";
import { type DType, dtypeOf, type TypedArray } from "../dtype/dtype";
import { brandOf, isPlainObject, isTensor, raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { refusal, wrongType } from "../errors/refusal";
import { computedLayout } from "../ops/layout";
import { overwriteBy } from "../ops/overwrite";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { layoutFrom } from "../tensor/transfer";

/** Values for parameters and buffers by name: tensors, or typed arrays in row-major order. */
export type StateDict = Readonly<Record<string, Tensor | TypedArray>>;

/** Copies `values` into `targets`. Checks everything first, so that a refusal changes nothing. */
export function loadState(targets: Readonly<Record<string, Tensor>>, values: StateDict): void {
  const given = valuesOf(values);
  const missing = Object.keys(targets).filter((name) => !Object.hasOwn(given, name));
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(targets, name));
  if (missing.length > 0 || unexpected.length > 0) {
    throw new RangeError(
      `loadStateDict: expected exactly the names of the module, got ${missing.length} missing (${some(missing)}) and ${unexpected.length} unexpected (${some(unexpected)})`,
    );
  }
  for (const [name, target] of Object.entries(targets)) checkFits("loadStateDict", JSON.stringify(name), target, given[name]);
  copyAll(targets, given);
}

/** Refuses a value that is no tensor or typed array of the target's shape and dtype on its backend. `what` says what it is for. */
export function checkFits(op: string, what: string, target: Tensor, value: Tensor | TypedArray | undefined): void {
  const dtype: DType | null = isTensor(value) ? value.dtype : dtypeOf(value);
  if (dtype === null) throw wrongType(op, `a tensor or typed array for ${what}`, value);
  if (dtype !== target.dtype) throw refusal(op, `${target.dtype} for ${what}`, dtype);
  const shape = isTensor(value) ? value.sizes : [(value as TypedArray).length];
  const fits = isTensor(value) ? sameShape(shape, target.sizes) : shape[0] === target.size;
  if (!fits) {
    const detail = `expected shape ${formatShape(target.sizes)} for ${what}, got ${formatShape(shape)}`;
    throw new ShapeError(op, [target.sizes, shape], detail);
  }
  checkInputs(op, isTensor(value) ? [target, raw(value)] : [target]);
}

/**
 * Copies values that fit over targets of the same names. What needs memory comes first, so that a failure changes nothing; so does a copy of each value
 * that lies in a target's memory, such as another target or a view of itself.
 */
export function copyAll(targets: Readonly<Record<string, Tensor>>, values: StateDict): void {
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

/** How many names a message lists. */
const MAX_LISTED = 10;

function some(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return `${names.slice(0, MAX_LISTED).join(", ")}${names.length > MAX_LISTED ? ", ..." : ""}`;
}

/** The values, each read once. */
function valuesOf(values: unknown): Record<string, Tensor | TypedArray> {
  if (isPlainObject(values)) return { ...(values as StateDict) };
  const isModule = brandOf(values) === "Module";
  const advice = isModule ? "pass its stateDict()" : "make one with Object.fromEntries(entries)";
  throw wrongType("loadStateDict", "an object of tensors", values, advice);
}
