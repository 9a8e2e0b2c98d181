import type { Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Shape } from "../shape/shape";
import { computedLayout, viewLayout } from "./layout";

/** Every `step`-th of a dimension's places, `count` of them from `start` on. */
export interface SliceAttrs {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Part of a dimension, as a view. Its gradient is the opposite: zeros with the part put in. */
export const slicePrimitive: Primitive<SliceAttrs> = {
  name: "slice",
  forward: ([x], attrs) => viewLayout(sliceLayout(x.layout, attrs)),
  backward: (node, grad) => [run(unslicePrimitive, [grad], { ...node.attrs, shape: node.shapes[0] as Shape })],
};

/** Zeros of `shape` with the input at the places that the slice reads. */
const unslicePrimitive: Primitive<SliceAttrs & { readonly shape: Shape }> = {
  name: "unslice",
  forward: ([x], attrs) =>
    computedLayout(x.storage.device, x.dtype, attrs.shape, (out, kernels) => {
      kernels.fill(out, 0);
      kernels.copy(x.layout, sliceLayout(out, attrs));
    }),
  backward: (node, grad) => [run(slicePrimitive, [grad], node.attrs)],
};

/** The layout of a slice, without a reference of its own. */
export function sliceLayout(x: Layout, { dim, start, step, count }: SliceAttrs): Layout {
  const replace = (values: readonly number[], value: number) => values.map((v, i) => (i === dim ? value : v));
  const stride = x.strides[dim] as number;
  return {
    storage: x.storage,
    shape: replace(x.shape, count),
    strides: replace(x.strides, stride * step),
    offset: x.offset + start * stride,
  };
}
