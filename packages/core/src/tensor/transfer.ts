/** Moving elements between tensors, the host and other backends. */

import { gradMode, withGradMode } from "../autograd/grad-mode";
import type { Layout } from "../autograd/node";
import { checkInputs, checkLive } from "../autograd/run";
import { unwatch, watch } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { DeviceKernels } from "../backend/kernels";
import type { Device } from "../backend/storage";
import { deviceOf } from "../cpu/device-of";
import type { DType, TypedArray } from "../dtype/dtype";
import { ShapeError, UnsupportedOpError } from "../errors/errors";
import { refusal } from "../errors/refusal";
import { computedLayout, contiguous, viewLayout } from "../ops/layout";
import { formatShape, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "./tensor";

/** A copy of a tensor's elements in row-major order. The storage is held until the backend has answered. */
export async function readElements(x: Tensor): Promise<TypedArray> {
  checkLive("data", x);
  const source = readable(x);
  const storage = source.storage.retain();
  if (source !== x) source.dispose();
  try {
    const elements = await storage.device.backend.read(storage, source.offset, source.size);
    await storage.device.turn();
    return elements;
  } finally {
    storage.release();
  }
}

/** The element of a tensor that has one. */
export async function readItem(x: Tensor): Promise<number> {
  checkSingle("item", x);
  return (await readElements(x))[0] as number;
}

/** Refuses a tensor of more or fewer elements than one. */
export function checkSingle(op: string, { shape, size }: Tensor, advice = "use data()"): void {
  if (size !== 1) throw new ShapeError(op, [shape], `expected one element, got shape ${formatShape(shape)} - ${advice}`);
}

/** The same at once, through the backend's view. */
export function readElementsSync(op: string, x: Tensor): TypedArray {
  checkLive(op, x);
  const { backend } = x;
  if (backend.view === undefined) {
    const detail = `expected a host-visible backend, got ${backend.name} - await data() or item()`;
    throw new UnsupportedOpError(op, backend.name, detail);
  }
  const source = readable(x);
  try {
    return backend.view(source.storage).slice(source.offset, source.offset + source.size);
  } finally {
    if (source !== x) source.dispose();
  }
}

/** A new layout on `device` with the elements that `data` gives, in row-major order; asked for when there is memory for them. */
export function layoutFrom(device: Device, dtype: DType, shape: Shape, data: () => TypedArray): Layout {
  return computedLayout(device, dtype, shape, ({ storage }) => {
    const elements = data();
    if (elements.length > 0) device.backend.write(storage, elements);
  });
}

/** A copy of a tensor's elements on another backend. */
export async function moveStorage(x: Tensor, backend: Backend): Promise<Layout> {
  const device = deviceOf(backend);
  const { dtype, sizes } = x;
  const data = await readElements(x);
  return layoutFrom(device, dtype, sizes, () => data);
}

/** Puts a tensor on other memory of the same shape, of its own and contiguous, and gives up the old. One that was disposed meanwhile did that itself. */
export function replaceStorage(x: Tensor, layout: Layout): void {
  const { storage } = layout;
  if (x.isDisposed) {
    storage.release();
    return;
  }
  const { watcher } = x;
  unwatch(x);
  x.storage.device.liveTensors--;
  x.storage.release();
  x.layout = layout;
  x.isView = false;
  storage.device.liveTensors++;
  if (watcher) watch(x);
}

/** Refuses a gradient given for `output` that is no live tensor of its backend, shape and dtype. */
export function checkGradient(op: string, output: Tensor, gradient: Tensor): void {
  checkInputs(op, [output, gradient]);
  if (!sameShape(gradient.sizes, output.sizes)) {
    const detail = `expected a gradient of shape ${formatShape(output.sizes)}, got ${formatShape(gradient.sizes)}`;
    throw new ShapeError(op, [output.sizes, gradient.sizes], detail);
  }
  if (gradient.dtype !== output.dtype) throw refusal(op, `a gradient of dtype ${output.dtype}`, gradient.dtype, "convert it with type()");
}

/**
 * Adds each gradient to its leaf's `grad`: all of them, or none where memory or a kernel fails. A first gradient is taken over where it has contiguous
 * memory of its own, and copied otherwise: `grad` never shares memory with anything. A later one is not added in the memory of `grad`, where an error
 * would leave some leaves with the sum and others without: `grad` moves to the memory of the sum.
 */
export function accumulateGrads(gradients: Map<Tensor, Tensor>, createGraph: boolean): void {
  const fresh: (readonly [leaf: Tensor, gradient: Tensor])[] = [];
  const sums = new Map<Tensor, Tensor>();
  for (const [leaf, gradient] of gradients) {
    if (leaf.isDisposed) continue;
    gradMode.rehearsal?.(leaf);
    const before = usableGrad(leaf);
    checkInputs("backward", [leaf, gradient, before ?? gradient]);
    if (before === null) fresh.push([leaf, ownGrad(gradient, createGraph)]);
    else if (createGraph || before.requiresGrad) fresh.push([leaf, ownGrad(before.add(gradient), createGraph)]);
    // Two leaves may have been given one tensor as their gradient.
    else sums.set(before, addedTo(sums.get(before) ?? before, gradient));
  }
  // All memory is there and all is computed; from here on nothing fails.
  for (const [leaf, gradient] of fresh) {
    leaf.gradient = gradient;
    gradient.isKept = true;
  }
  for (const [before, sum] of sums) {
    replaceStorage(before, viewLayout(sum.layout));
    before.isKept = true;
  }
}

/** Lets go of a tensor's gradient. */
export function dropGrad(owner: Tensor): void {
  gradMode.rehearsal?.(owner);
  owner.gradient?.dispose();
  owner.gradient = null;
}

/** True for a tensor that may be edited in place unseen: its elements lie apart, and nothing else holds their memory. */
export function ownsMemory(x: Tensor): boolean {
  return x.isContiguous() && x.storage.isUnshared;
}

// --- internal helpers ---

/** The tensor itself or a contiguous copy. Unrecorded: what is read has no gradient, so a view may be read after an edit of its memory. */
function readable(x: Tensor): Tensor {
  return withGradMode(false, () => contiguous(x));
}

/** A leaf's gradient, unless there is none or the user disposed it. */
function usableGrad({ grad }: Tensor): Tensor | null {
  return grad === null || grad.isDisposed ? null : grad;
}

/** A gradient in contiguous memory of its own, unless it is to be differentiated itself. */
function ownGrad(gradient: Tensor, createGraph: boolean): Tensor {
  if (createGraph || (ownsMemory(gradient) && gradient.offset === 0)) return gradient;
  return replaced(gradient, (out, kernels) => kernels.copy(gradient.layout, out));
}

/** The sum of a gradient and what was there before, in its place. */
function addedTo(before: Tensor, gradient: Tensor): Tensor {
  return replaced(gradient, (out, kernels) => kernels.binary("add", before.layout, gradient.layout, out));
}

/** A tensor in place of `gradient`, in memory of its own that `kernel` writes; the next may take over the other's. */
function replaced(gradient: Tensor, kernel: (out: Layout, kernels: DeviceKernels) => void): Tensor {
  const result = gradient.wrap(computedLayout(gradient.storage.device, gradient.dtype, gradient.sizes, kernel));
  gradient.dispose();
  return result;
}
