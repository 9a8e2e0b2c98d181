import { type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Undoes a broadcast from `shape`: sums a gradient over the dimensions that were repeated. */
export function sumTo(grad: Tensor, shape: Shape): Tensor {
  if (sameShape(grad.sizes, shape)) return grad;
  const shift = grad.sizes.length - shape.length;
  const dim: number[] = [];
  for (let i = 0; i < grad.sizes.length; i++) if (i < shift || (shape[i - shift] === 1 && grad.sizes[i] !== 1)) dim.push(i);
  const summed = dim.length === 0 ? grad : grad.sum({ dim, keepdim: true });
  return summed.reshape(shape);
}
