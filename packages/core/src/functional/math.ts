import * as arithmetic from "../ops/arithmetic";
import type { NumberOrTensor } from "../ops/binary";
import { gather as gatherAlong } from "../ops/gather";
import { linear as applyLinear } from "../ops/matmul";
import { where as applyWhere } from "../ops/where";
import type { Tensor } from "../tensor/tensor";

/**
 * `input weight^T + bias` over the last dimension. Mirrors [torch.nn.functional.linear](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html).
 *
 * @param input `[..., in]`.
 * @param weight `[out, in]`.
 * @param bias `[out]`, or none.
 * @returns `[..., out]`.
 * @throws ShapeError for sizes that do not fit, TypeError for integers.
 */
export function linear(input: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  return applyLinear(input, weight, bias);
}

/**
 * The smaller of `a` and `b`, element by element, broadcast; NaN wins. Equal ones share the gradient, and both get it where one is NaN. Mirrors
 * [torch.minimum](https://docs.pytorch.org/docs/stable/generated/torch.minimum.html).
 *
 * @throws ShapeError for shapes that do not broadcast.
 */
export function minimum(a: Tensor, b: NumberOrTensor): Tensor {
  return arithmetic.minimum(a, b);
}

/**
 * The larger of `a` and `b`, element by element, broadcast; NaN wins. Equal ones share the gradient, and both get it where one is NaN. Mirrors
 * [torch.maximum](https://docs.pytorch.org/docs/stable/generated/torch.maximum.html).
 *
 * @throws ShapeError for shapes that do not broadcast.
 */
export function maximum(a: Tensor, b: NumberOrTensor): Tensor {
  return arithmetic.maximum(a, b);
}

/**
 * `a` where the bool `condition` is true, `b` elsewhere, broadcast; at most one of them is a number. Mirrors
 * [torch.where](https://docs.pytorch.org/docs/stable/generated/torch.where.html).
 *
 * @throws TypeError for a condition that is not bool, ShapeError for shapes that do not broadcast.
 */
export function where(condition: Tensor, a: NumberOrTensor, b: NumberOrTensor): Tensor {
  return applyWhere(condition, a, b);
}

/**
 * Picks along a dimension: `out[i][j] = input[index[i][j]][j]` for dim 0. Mirrors [torch.gather](https://docs.pytorch.org/docs/stable/generated/torch.gather.html).
 *
 * @param input At least one dimension.
 * @param dim Negative ones count from the end.
 * @param index int32, of the input's sizes but for `dim`. On a device that cannot look, a place out of range gives NaN.
 * @throws ShapeError for another shape of the index, TypeError for another dtype; RangeError for a place out of range on a host-visible backend.
 */
export function gather(input: Tensor, dim: number, index: Tensor): Tensor {
  return gatherAlong(input, dim, index);
}
