import type { Primitive } from "../autograd/node";
import type { Backend, WindowSpec } from "../backend/backend";
import type { Device } from "../backend/storage";
import { laterMember } from "../cpu/device-of";
import { referenceFold, referenceUnfold, unfold as unfoldHost } from "../cpu/unfold";
import { type DType, hostArray } from "../dtype/dtype";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { cat } from "./cat";
import { addColumns, pickColumns } from "./gather";
import { computedLayout, constantLike, runContiguous, unrecorded } from "./layout";
import { slice } from "./views";

/** Images to windows. A device that has no kernel and no memory to look at picks by index. */
const unfoldPrimitive: Primitive<WindowSpec> = {
  name: "unfold",
  forward([x], spec) {
    const { device } = x.storage;
    const kernel = unfoldKernel(device);
    const [n, c, ...sizes] = x.sizes as [number, number, ...number[]];
    const shape = [n, c * sizeOf(spec.kernel), sizeOf(spec.outSizes)];
    if (kernel === undefined) return unrecorded(() => pickPlaces(x, placesOf(spec, sizes), spec.padValue).reshape(shape));
    return computedLayout(device, x.dtype, shape, (out) => kernel(spec, x.layout, out));
  },
  backward: (node, grad) => [foldWindows(grad, node.attrs, (node.shapes[0] as Shape).slice(2))],
};

/** Windows to images of `sizes`: the opposite, each the gradient of the other. */
const foldPrimitive: Primitive<{ readonly spec: WindowSpec; readonly sizes: Shape }> = {
  name: "fold",
  forward([x], { spec, sizes }) {
    const { device } = x.storage;
    const kernel = foldKernel(device);
    const [n, rows] = x.sizes as [number, number];
    const shape = [n, rows / sizeOf(spec.kernel), ...sizes];
    if (kernel === undefined) return unrecorded(() => addPlaces(x, placesOf(spec, sizes), shape));
    return computedLayout(device, x.dtype, shape, (out) => kernel(spec, x.layout, out));
  },
  backward: (node, grad) => [unfoldWindows(grad, { ...node.attrs.spec, padValue: 0 })],
};

/** The windows of `x`, `[N, C, ...sizes]`, as columns: `[N, C * prod(kernel), prod(outSizes)]`. The padding gets no gradient. */
export function unfoldWindows(x: Tensor, spec: WindowSpec): Tensor {
  return runContiguous(unfoldPrimitive, [x], spec);
}

/** Adds up such columns to `[N, C, ...sizes]`, where windows overlap. */
export function foldWindows(x: Tensor, spec: WindowSpec, sizes: Shape): Tensor {
  return runContiguous(foldPrimitive, [x], { spec, sizes });
}

/**
 * The elements of each plane of `x`, `[N, C, ...sizes]`, at some places, row-major: `[N, C, places.length]`. The place behind the last one is
 * `padValue`, which gets no gradient.
 */
export function pickPlaces(x: Tensor, places: Int32Array, padValue = 0): Tensor {
  const [n, c, ...sizes] = x.sizes as [number, number, ...number[]];
  const padded = cat([x.reshape([n * c, sizeOf(sizes)]), constantLike(x, padValue, [n * c, 1])], { dim: 1 });
  return pickColumns(padded, constantsBeside(x, "int32", places)).reshape([n, c, places.length]);
}

/** Numbers of the host as a tensor of one dimension on the device of `x`. */
export function constantsBeside(x: Tensor, dtype: DType, values: ArrayLike<number>): Tensor {
  const { device } = x.storage;
  const data = hostArray("host", dtype, values.length);
  data.set(values);
  return x.wrap(computedLayout(device, dtype, [values.length], ({ storage }) => device.backend.write(storage, data)));
}

// --- internal helpers ---

/** The backend's kernel, or the reference one on its memory. */
export function unfoldKernel(device: Device): Backend["unfold"] {
  return laterMember(device, "unfold") ?? (device.view && referenceUnfold(device.view));
}

export function foldKernel(device: Device): Backend["fold"] {
  return laterMember(device, "fold") ?? (device.view && referenceFold(device.view));
}

/** What `unfold` reads, in the order in which it writes: the windows of an image whose elements are their own places. */
function placesOf(spec: WindowSpec, sizes: Shape): Int32Array {
  const image = Int32Array.from({ length: sizeOf(sizes) }, (_, i) => i);
  const places = hostArray("host", "int32", sizeOf(spec.kernel) * sizeOf(spec.outSizes));
  unfoldHost({ ...spec, padValue: image.length }, 1, sizes, image, 0, places, 0);
  return places;
}

/** The opposite of `pickPlaces`. */
function addPlaces(x: Tensor, places: Int32Array, shape: Shape): Tensor {
  const [n, c, ...sizes] = shape as [number, number, ...number[]];
  const size = sizeOf(sizes);
  const padded = addColumns(x.reshape([n * c, places.length]), constantsBeside(x, "int32", places), size + 1);
  return slice(padded, 1, 0, size).reshape(shape);
}
