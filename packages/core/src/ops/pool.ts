import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { PoolOp, WindowSpec } from "../backend/backend";
import type { Device } from "../backend/storage";
import { hasMembers, laterMember } from "../cpu/device-of";
import type { DType } from "../dtype/dtype";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { gather } from "./gather";
import { computedLayout, contiguous, runContiguous } from "./layout";
import { unfoldWindows } from "./unfold";

interface Attrs {
  readonly op: PoolOp;
  readonly spec: WindowSpec;
  /** Spatial sizes of the result. */
  readonly sizes: Shape;
}

/** A pooling in one pass. A sum needs nothing of its input for the gradient, a maximum looks for it again. */
const poolPrimitive: Primitive<Attrs> = {
  name: "pool",
  reads: [1],
  forward([x], { op, spec, sizes }) {
    const { device } = x.storage;
    const shape = [...x.sizes.slice(0, 2), ...sizes];
    return computedLayout(device, x.dtype, shape, (out) => laterMember(device, "pool")?.(op, spec, x.layout, out));
  },
  backward(node, grad) {
    const sizes = (node.shapes[0] as Shape).slice(2);
    return [run(poolGradPrimitive, [contiguous(grad), node.input(0)], { ...node.attrs, sizes })];
  },
};

/** Where the gradient of a pooling goes; its own gradient is picked from where it went. */
const poolGradPrimitive: Primitive<Attrs> = {
  name: "poolGrad",
  reads: [0, 1],
  forward([grad, x], { op, spec, sizes }) {
    const { device } = grad.storage;
    const shape = [...grad.sizes.slice(0, 2), ...sizes];
    return computedLayout(device, grad.dtype, shape, (out) =>
      laterMember(device, "poolGrad")?.(op, spec, op === "max" ? (x as Tensor).layout : null, grad.layout, out),
    );
  },
  backward(node, grad) {
    const { op, spec } = node.attrs;
    const { outSizes } = spec;
    if (op === "sum") return [pool(grad, op, spec), null];
    const windows = (of: Tensor, padValue: number) => {
      const [n, c] = of.sizes as [number, number];
      return unfoldWindows(of, { ...spec, padValue }).reshape([n, c, sizeOf(spec.kernel), sizeOf(outSizes)]);
    };
    const places = windows(node.input(1).detach(), spec.padValue).argmax({ dim: 2, keepdim: true });
    return [gather(windows(grad, 0), 2, places).reshape(node.shapes[0] as Shape), null];
  },
};

/** Whether a device pools elements of `dtype` itself. */
export function pools(device: Device, dtype: DType): boolean {
  return dtype === "float32" && hasMembers(device, "pool", "poolGrad");
}

/** The largest element, or the sum, of each window of `x`, `[N, C, ...sizes]`, on a device that `pools`. */
export function pool(x: Tensor, op: PoolOp, spec: WindowSpec): Tensor {
  return runContiguous(poolPrimitive, [x], { op, spec, sizes: spec.outSizes });
}
