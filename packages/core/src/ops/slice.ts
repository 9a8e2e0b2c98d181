import type { GradNode, Inputs, Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
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
  backward: (node, grad) => [unsliced([node], [grad])],
  together: unsliced,
};

interface UnsliceAttrs {
  readonly shape: Shape;
  /** For each input where it goes; no two meet. */
  readonly parts: readonly SliceAttrs[];
}

/** A tensor of the inputs, each at the places that its slice reads, and zeros where none does: of all parts of a tensor it makes the tensor, as `cat` does. */
const unslicePrimitive: Primitive<UnsliceAttrs> = {
  name: "unslice",
  forward: (inputs, { shape, parts }) =>
    computedLayout(inputs[0].storage.device, inputs[0].dtype, shape, (out, kernels) => {
      const places = parts.reduce((sum, { count }) => sum + count, 0);
      if (places < (shape[(parts[0] as SliceAttrs).dim] as number)) kernels.fill(out, 0);
      inputs.forEach((x, i) => {
        kernels.copy(x.layout, sliceLayout(out, parts[i] as SliceAttrs));
      });
    }),
  backward: (node, grad) => node.attrs.parts.map((part, i) => (node.needs(i) ? run(slicePrimitive, [grad], part) : null)),
};

/** The gradient of a tensor of which these are slices. Those that lie apart, as the parts of `split` do, are put beside each other; others are added. */
function unsliced(nodes: readonly GradNode<SliceAttrs>[], grads: readonly Tensor[]): Tensor {
  const shape = (nodes[0] as GradNode).shapes[0] as Shape;
  const parts = nodes.map(({ attrs }) => attrs);
  if (areApart(parts)) return run(unslicePrimitive, grads as Inputs, { shape, parts });
  return grads
    .map((grad, i) => run(unslicePrimitive, [grad], { shape, parts: parts.slice(i, i + 1) }))
    .reduce((sum, grad) => sum.add(grad));
}

/** Whether no place is in two of them: of one dimension, and each begins behind the one before, or, every so many places, between its places. */
function areApart(parts: readonly SliceAttrs[]): boolean {
  const [{ dim, step }] = parts as [SliceAttrs];
  if (parts.some((part) => part.dim !== dim)) return false;
  const isRegular = parts.every((part) => part.step === step);
  const lane = ({ start }: SliceAttrs) => (isRegular ? start % step : 0);
  const sorted = parts.filter(({ count }) => count > 0).sort((a, b) => lane(a) - lane(b) || a.start - b.start);
  return sorted.every((part, i) => {
    const before = sorted[i - 1];
    return before === undefined || lane(before) !== lane(part) || before.start + (before.count - 1) * before.step < part.start;
  });
}

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
