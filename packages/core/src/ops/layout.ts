import { withGradMode } from "../autograd/grad-mode";
import type { Inputs, Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { DeviceKernels } from "../backend/kernels";
import type { Device } from "../backend/storage";
import type { DType } from "../dtype/dtype";
import { contiguousStrides, isContiguous, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** A new contiguous layout that `kernel` writes; when that throws, the memory is given back. */
export function computedLayout(device: Device, dtype: DType, shape: Shape, kernel: (out: Layout, kernels: DeviceKernels) => void): Layout {
  const out = { storage: device.allocate(dtype, sizeOf(shape)), shape, strides: contiguousStrides(shape), offset: 0 };
  try {
    kernel(out, device.kernels);
  } catch (error) {
    out.storage.release();
    throw error;
  }
  return out;
}

/** A new contiguous tensor beside `x`, of its dtype, in whose elements a kernel will write: until then they are whatever was there. */
export function unwritten(x: Tensor, shape: Shape): Tensor {
  return x.wrap(computedLayout(x.storage.device, x.dtype, shape, () => {}));
}

/** Another layout of a storage, with a reference of its own; where nothing is said, the same as `x`. */
export function viewLayout(x: Layout, shape = x.shape, strides = x.strides, offset = x.offset): Layout {
  return { storage: x.storage.retain(), shape, strides, offset };
}

/** A number as a tensor of `x`'s dtype beside it, for a place that takes no number. Default: a scalar. */
export function constantLike(x: Tensor, value: number, shape: Shape = []): Tensor {
  return x.wrap(computedLayout(x.storage.device, x.dtype, shape, (out, kernels) => kernels.fill(out, value)));
}

/** What operations make that the graph does not see: a primitive's forward, where no single kernel does it. `fn` returns a tensor of its own. */
export function unrecorded(fn: () => Tensor): Layout {
  const result = withGradMode(false, () => composed(fn));
  const layout = viewLayout(result.layout);
  result.dispose();
  return layout;
}

/** Copies into a contiguous tensor of another dtype, or of the same for a strided one. */
const castPrimitive: Primitive<{ readonly from: DType; readonly to: DType }> = {
  name: "type",
  forward: ([x], { to }) => computedLayout(x.storage.device, to, x.sizes, (out, kernels) => kernels.copy(x.layout, out)),
  backward: (node, grad) => [cast(grad, node.attrs.from)],
};

/** The tensor in another dtype; itself when it has it. To bool: `!= 0`; to int32: truncated. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : copied(x, dtype);
}

/** The tensor itself when it is contiguous, else a contiguous copy. */
export function contiguous(x: Tensor): Tensor {
  return isContiguous(x.sizes, x.steps) ? x : copied(x, x.dtype);
}

/** Runs a primitive that reads contiguous inputs. Copies that this takes are given up after it: the graph holds what it needs of them. */
export function runContiguous<A>(primitive: Primitive<A>, inputs: Inputs, attrs: A): Tensor {
  for (const x of inputs) if (!x.isContiguous()) return runCopies(primitive, inputs, attrs, null);
  return run(primitive, inputs, attrs);
}

/** The same for a primitive that reads inputs of one `dtype`, from number `first` on, with any strides. */
export function runCast<A>(primitive: Primitive<A>, inputs: Inputs, attrs: A, dtype: DType, first = 0): Tensor {
  for (let i = first; i < inputs.length; i++) {
    if ((inputs[i] as Tensor).dtype !== dtype) return runCopies(primitive, inputs, attrs, dtype, first);
  }
  return run(primitive, inputs, attrs);
}

// --- internal helpers ---

function copied(x: Tensor, dtype: DType): Tensor {
  return run(castPrimitive, [x], { from: x.dtype, to: dtype });
}

/** A function of its own: a closure costs those calls, too, that do not come to it. */
function runCopies<A>(primitive: Primitive<A>, inputs: Inputs, attrs: A, dtype: DType | null, first = 0): Tensor {
  const prepare = (x: Tensor) => (dtype === null ? contiguous(x) : cast(x, dtype));
  return composed(() => run(primitive, inputs.map((x, i) => (i < first ? x : prepare(x))) as unknown as Inputs, attrs));
}
