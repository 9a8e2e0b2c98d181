import type { Inputs, Layout, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, contiguous, runContiguous } from "./layout";

/** How places are laid over a tensor: of each row along one dimension, one element counts. */
interface Rows {
  readonly shape: Shape;
  /** The dimension's size, and elements from one of its places to the next. */
  readonly count: number;
  readonly step: number;
}

/** Minus the mean of one element of each row of the first input. The second: the places, in [0, count). */
const meanPrimitive: Primitive<Rows> = {
  name: "meanOfPicked",
  reads: [0, 0b1],
  forward: (inputs, rows) =>
    onHost(inputs, [], (x, places, out) => {
      let sum = 0;
      for (let i = 0; i < places.length; i++) sum += x[placeOf(rows, i, places)] as number;
      out[0] = -sum / places.length;
    }),
  backward: (node, grad) => [run(spreadPrimitive, [grad, node.input(1)], node.attrs), null],
};

/** Its transpose: zeros, but minus the input's share at the places. Each is the gradient of the other. */
const spreadPrimitive: Primitive<Rows> = {
  name: "spreadToPicked",
  reads: [0, 0b1],
  forward: (inputs, rows) =>
    onHost(inputs, rows.shape, (x, places, out) => {
      const share = -(x[0] as number) / places.length;
      out.fill(0);
      for (let i = 0; i < places.length; i++) out[placeOf(rows, i, places)] = share;
    }),
  backward: (node, grad) => [run(meanPrimitive, [contiguous(grad), node.input(1)], node.attrs), null],
};

/**
 * Minus the mean of what `places`, int32, picks along `dim` of `x`, one element for each index of the other dimensions: the end of a loss by classes, in one
 * step. For tensors in the host's memory, and places that it has looked at.
 */
export function minusMeanOfPicked(x: Tensor, dim: number, places: Tensor): Tensor {
  const step = sizeOf(x.sizes.slice(dim + 1));
  return runContiguous(meanPrimitive, [x, places], { shape: x.sizes, count: x.sizes[dim] as number, step });
}

// --- internal helpers ---

/** The element of row i that is picked. */
function placeOf({ count, step }: Rows, i: number, places: TypedArray): number {
  return (Math.floor(i / step) * count + (places[i] as number)) * step + (i % step);
}

/** A new tensor that `compute` writes, from the elements of both inputs. */
function onHost(inputs: Inputs, shape: Shape, compute: (x: TypedArray, places: TypedArray, out: TypedArray) => void): Layout {
  const [{ storage, dtype }] = inputs;
  const view = storage.device.view as View;
  return computedLayout(storage.device, dtype, shape, (out) => {
    const [x, places, to] = [...inputs.map(({ layout }) => layout), out].map((layout) => {
      const all = view(layout.storage);
      return all.subarray(layout.offset, layout.offset + sizeOf(layout.shape));
    });
    compute(x as TypedArray, places as TypedArray, to as TypedArray);
  });
}
