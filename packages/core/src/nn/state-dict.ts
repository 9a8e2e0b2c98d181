import { checkInputs } from "../autograd/run";
import { type DType, dtypeOf, type TypedArray } from "../dtype/dtype";
import { describe, ShapeError } from "../errors/errors";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { isTensor } from "../tensor/tidy";
import { layoutFrom } from "../tensor/transfer";

/** Values for parameters and buffers by name: tensors, or typed arrays in row-major order. */
export type StateDict = Readonly<Record<string, Tensor | TypedArray>>;

/** Copies `values` into `targets`. Checks everything first, so that a refusal changes nothing. */
export function loadState(targets: Readonly<Record<string, Tensor>>, values: StateDict): void {
  if (typeof values !== "object" || values === null)
    throw new TypeError(`loadStateDict: expected an object of tensors, got ${describe(values)}`);
  const missing = Object.keys(targets).filter((name) => !Object.hasOwn(values, name));
  const unexpected = Object.keys(values).filter((name) => !Object.hasOwn(targets, name));
  if (missing.length > 0 || unexpected.length > 0) {
    throw new RangeError(
      `loadStateDict: expected exactly the names of the module, got ${missing.length} missing (${missing.join(", ") || "none"}) and ${unexpected.length} unexpected (${unexpected.join(", ") || "none"})`,
    );
  }
  for (const [name, target] of Object.entries(targets)) checkFits(name, target, values[name] as Tensor | TypedArray);
  for (const [name, target] of Object.entries(targets)) overwrite(target, values[name] as Tensor | TypedArray);
}

/** Writes a tensor's or array's elements over those of `target`, whose shape and dtype they have. */
export function overwrite(target: Tensor, value: Tensor | TypedArray): void {
  if (value === target) return;
  const { device } = target.storage;
  if (isTensor(value)) {
    device.kernels.copy(value, target);
  } else {
    // Through a layout of its own: the target may be a part of a larger storage.
    const layout = layoutFrom(device, target.dtype, target.shape, value);
    device.kernels.copy(layout, target);
    layout.storage.release();
  }
  target.storage.version++;
}

// --- internal helpers ---

function checkFits(name: string, target: Tensor, value: Tensor | TypedArray): void {
  const dtype: DType | null = isTensor(value) ? value.dtype : dtypeOf(value);
  if (dtype === null) throw new TypeError(`loadStateDict: expected a tensor or typed array for "${name}", got ${describe(value)}`);
  if (dtype !== target.dtype) throw new TypeError(`loadStateDict: expected ${target.dtype} for "${name}", got ${dtype}`);
  const shape = isTensor(value) ? value.shape : [(value as TypedArray).length];
  const fits = isTensor(value) ? sameShape(shape, target.shape) : shape[0] === target.size;
  if (!fits) {
    throw new ShapeError(
      "loadStateDict",
      [target.shape, shape],
      `expected shape ${formatShape(target.shape)} for "${name}", got ${formatShape(shape)}`,
    );
  }
  checkInputs("loadStateDict", isTensor(value) ? [target, value] : [target]);
}
