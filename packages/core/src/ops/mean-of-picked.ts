import type { Inputs, Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, contiguous, runContiguous } from "./layout";

/** Minus the mean of one element of each row of x, `[outer, count, inner]`. Inputs: x and the places `[outer, inner]`, each in [0, count). */
const meanPrimitive: Primitive<Shape> = {
  name: "meanOfPicked",
  reads: [0b10, 0],
  forward: (inputs, shape) =>
    onHost(inputs, inputs[0].dtype, [], (x, places, out) => {
      let sum = 0;
      for (let i = 0; i < places.length; i++) sum += x[placeOf(shape, i, places[i] as number)] as number;
      out[0] = -sum / places.length;
    }),
  backward: (node, grad) => [run(spreadPrimitive, [grad, node.input(1)], node.attrs), null],
};

/** Its transpose: zeros of that shape, with minus the input divided by the number of rows at the places. Each is the gradient of the other. */
const spreadPrimitive: Primitive<Shape> = {
  name: "spreadToPicked",
  reads: [0b10, 0],
  forward: (inputs, shape) =>
    onHost(inputs, inputs[0].dtype, shape, (x, places, out) => {
      const share = -(x[0] as number) / places.length;
      out.fill(0);
      for (let i = 0; i < places.length; i++) out[placeOf(shape, i, places[i] as number)] = share;
    }),
  backward: (node, grad) => [run(meanPrimitive, [contiguous(grad), node.input(1)], node.attrs), null],
};

/**
 * Minus the mean of the elements that `places`, int32, names along `dim` of `x`, one for each index of the other dimensions: what is left of a loss by classes
 * where the host sees the memory, and has looked at the places.
 */
export function minusMeanOfPicked(x: Tensor, dim: number, places: Tensor): Tensor {
  const count = x.sizes[dim] as number;
  const inner = x.sizes.slice(dim + 1).reduce((product, size) => product * size, 1);
  return runContiguous(meanPrimitive, [x, places], [count, inner, ...x.sizes]);
}

// --- internal helpers ---
