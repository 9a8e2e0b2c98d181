import { applyBinary, type NumberOrTensor } from "../ops/binary";
import { gather as gatherAlong } from "../ops/gather";
import { linear as applyLinear } from "../ops/matmul";
import { where as applyWhere } from "../ops/where";
import type { Tensor } from "../tensor/tensor";

/**
 * `input weight^T + bias` over the last dimension: input [..., in], weight [out, in], bias [out]. Mirrors `torch.nn.functional.linear`.
 *
 * @throws ShapeError for sizes that do not fit.
 */
export function linear(input: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  return applyLinear(input, weight, bias);
}

/** The smaller of two, element by element, broadcast; NaN wins; equal ones share the gradient. Mirrors `torch.minimum`. */
export function minimum(a: Tensor, b: NumberOrTensor): Tensor {
  return applyBinary("minimum", a, b);
}

/** The larger of two, element by element, broadcast; NaN wins; equal ones share the gradient. Mirrors `torch.maximum`. */
export function maximum(a: Tensor, b: NumberOrTensor): Tensor {
  return applyBinary("maximum", a, b);
}

/** `a` where the bool condition is true, `b` elsewhere, broadcast; at most one of them is a number. Mirrors `torch.where`. */
export function where(condition: Tensor, a: NumberOrTensor, b: NumberOrTensor): Tensor {
  return applyWhere(condition, a, b);
}

/** Picks along `dim` by an int32 index of x's rank and sizes but for `dim`. Mirrors `torch.gather`. Throws RangeError for an index out of range. */
export function gather(input: Tensor, dim: number, index: Tensor): Tensor {
  return gatherAlong(input, dim, index);
}
