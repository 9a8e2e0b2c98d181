import { withGradMode } from "../autograd/grad-mode";
import type { Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Device } from "../backend/device";
import type { DType } from "../dtype/dtype";
import { contiguousStrides, isContiguous, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** A new contiguous layout that `kernel` writes; when that throws, the memory is given back. */
export function computedLayout(device: Device, dtype: DType, shape: Shape, kernel: (out: Layout) => void): Layout {
  const out = { storage: device.allocate(dtype, sizeOf(shape)), shape, strides: contiguousStrides(shape), offset: 0 };
  try {
    kernel(out);
  } catch (error) {
    out.storage.release();
    throw error;
  }
  return out;
}

/** Another layout of the tensor's storage, with a reference of its own. */
export function viewLayout(x: Tensor, shape: Shape, strides: readonly number[], offset: number): Layout {
  return { storage: x.storage.retain(), shape, strides, offset };
}

/** A scalar of `x`'s dtype beside it, for a place that takes no number. */
export function scalarLike(x: Tensor, value: number): Tensor {
  const { device } = x.storage;
  return x.wrap(computedLayout(device, x.dtype, [], (out) => device.kernels.fill(out, value)));
}

/** What operations make that the graph does not see: a primitive's forward, where no single kernel does it. `fn` returns a tensor of its own. */
export function unrecorded(fn: () => Tensor): Layout {
  const result = withGradMode(false, "forward", () => composed(fn));
  const layout = { ...result.layout, storage: result.storage.retain() };
  result.dispose();
  return layout;
}

/** Copies into a contiguous tensor of another dtype, or of the same for a strided one. */
const castPrimitive: Primitive<DType> = {
  name: "type",
  forward([x], dtype) {
    const input = x as Tensor;
    const { device } = input.storage;
    return computedLayout(device, dtype, input.sizes, (out) => device.kernels.copy(input.layout, out));
  },
  backward: (node, grad) => [cast(grad, node.dtypes[0] as DType)],
};

/** The tensor in another dtype; itself when it has it. To bool: `!= 0`; to int32: truncated. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : run(castPrimitive, [x], dtype);
}

/** The tensor itself when it is contiguous, else a contiguous copy. */
export function contiguous(x: Tensor): Tensor {
  return isContiguous(x.sizes, x.steps) ? x : run(castPrimitive, [x], x.dtype);
}
