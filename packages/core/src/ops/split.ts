/** Parts of a dimension that are cut at once, as views: their gradients come together. */
import type { Inputs, Primitive, Several } from "../autograd/node";
import { run } from "../autograd/run";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { catPrimitive } from "./cat";
import { viewLayout } from "./layout";
import { type SliceAttrs, sliceLayout } from "./slice";

/** Parts of `x` along a dimension, one behind the other, as long as `sizes` says. */
export function parts(x: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let end = 0;
  return sizes.map((count) => {
    end += count;
    return run(partPrimitive, [x], { dim, start: end - count, step: 1, count });
  });
}

// --- internal helpers ---

const partPrimitive: Primitive<SliceAttrs> = {
  name: "split",
  forward: ([x], attrs) => viewLayout(sliceLayout(x.layout, attrs)),
  backward: (node, grad) => [joined([[node, grad]])],
  together: joined,
};

/** The gradient of what parts were cut from: they are put beside each other, which takes a copy of each; added, each would first be put into zeros as large as all. */
function joined(several: Several<SliceAttrs>): Tensor {
  const shape = several[0]?.[0].shapes[0] as Shape;
  const put = (some: Several<SliceAttrs>): Tensor =>
    run(catPrimitive, some.map(([, grad]) => grad) as unknown as Inputs, { shape, places: some.map(([{ attrs }]) => attrs) });
  // One tensor may have been cut twice.
  return areApart(several) ? put(several) : several.map((one) => put([one])).reduce((sum, grad) => sum.add(grad));
}

function areApart(several: Several<SliceAttrs>): boolean {
  const sorted = several.map(([{ attrs }]) => attrs).sort((a, b) => a.start - b.start);
  return sorted.every(({ dim, start, count }, i) => {
    const next = sorted[i + 1];
    return next === undefined || (dim === next.dim && start + count <= next.start);
  });
}
