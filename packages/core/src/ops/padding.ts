import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { contiguousStrides, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout } from "./layout";
import { slice } from "./views";

interface PadAttrs {
  /** Places before the input's first, by dimension. */
  readonly before: readonly number[];
  /** The result's. */
  readonly shape: Shape;
  readonly value: number;
}

/** One value, with the input in the middle. */
const padPrimitive: Primitive<PadAttrs> = {
  name: "pad",
  forward: ([x], { before, shape, value }) =>
    computedLayout(x.storage.device, x.dtype, shape, (out, kernels) => {
      kernels.fill(out, value);
      const strides = contiguousStrides(shape);
      const offset = before.reduce((sum, places, dim) => sum + places * (strides[dim] as number), 0);
      kernels.copy(x.layout, { ...out, shape: x.sizes, strides, offset });
    }),
  backward: (node, grad) => {
    const shape = node.shapes[0] as Shape;
    return [node.attrs.before.reduce((part, from, dim) => slice(part, dim, from, from + (shape[dim] as number)), grad)];
  },
};

/** `x` in a larger tensor of `shape` that is `value` elsewhere, `before` places from its start along each dimension. */
export function padWith(x: Tensor, before: readonly number[], shape: Shape, value: number): Tensor {
  return run(padPrimitive, [x], { before, shape, value });
}
