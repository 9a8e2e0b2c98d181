import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { ShapeError } from "../errors/errors";
import { optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { gather } from "../ops/gather";
import { where } from "../ops/where";
import { broadcastShapes, formatShape, normalizeDim } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { hostTensor } from "./host-tensor";
import { hostElements } from "./losses-shared";

/**
 * The places along a dimension that an index names, in its order. Mirrors [torch.index_select](https://docs.pytorch.org/docs/stable/generated/torch.index_select.html).
 *
 * @param input At least one dimension; any dtype.
 * @param index int32, of one dimension. On a device that cannot look, a place out of range gives NaN.
 * @param options `dim`: which dimension; default 0.
 * @throws ShapeError for an index of more dimensions, TypeError for another dtype, RangeError for a dim that is not there and, on a host-visible backend,
 *   for a place out of range.
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(F.indexSelect(x, tensor(new Int32Array([1, 0])), { dim: 1 }).dataSync().join(" ")); // 2 1 4 3
 * ```
 */
export function indexSelect(input: Tensor, index: Tensor, options?: { dim?: number }): Tensor {
  const op = "indexSelect";
  const { dim = 0 } = optionsOf<{ dim?: number }>(op, options, { dim: "any" });
  const x = checkTensor(op, input);
  const at = normalizeDim(op, dim, x.sizes.length);
  const list = checkTensor(op, index, "the index");
  const size = x.sizes[at];
  if (size === undefined || list.sizes.length !== 1) {
    const detail = `expected an index of one dimension for one of at least one, got ${formatShape(list.sizes)} for ${formatShape(x.sizes)}`;
    throw new ShapeError(op, [x.sizes, list.sizes], detail);
  }
  if (list.dtype !== "int32") throw refusal(op, "an int32 index", list.dtype, 'convert it with index.type("int32")');
  checkInputs(op, [x, list]);
  for (const place of hostElements(list) ?? []) {
    if (place < 0 || place >= size) throw wrongValue(op, `places from 0 to ${size - 1}`, place);
  }
  return composed(() => along(x, at, list));
}

/**
 * One value where the mask is true, the input elsewhere. Mirrors [torch.Tensor.masked_fill](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html).
 *
 * @param input Any shape and dtype.
 * @param mask bool, of a shape that broadcasts with the input's.
 * @param options `value`: a number; has no default.
 * @throws TypeError for a mask that is not bool or a value that is no number, ShapeError for shapes that do not broadcast.
 * @example
 * ```ts
 * const x = tensor([1, -2]);
 * console.log(F.maskedFill(x, x.lt(0), { value: 0 }).dataSync().join(" ")); // 1 0
 * ```
 */
export function maskedFill(input: Tensor, mask: Tensor, options: { value: number }): Tensor {
  const op = "maskedFill";
  const { value } = optionsOf<{ value: number }>(op, options, { value: "any" });
  if (typeof value !== "number") throw wrongType(op, "{ value } with a number", value);
  const x = checkTensor(op, input);
  const condition = checkTensor(op, mask, "the mask");
  if (condition.dtype !== "bool") throw refusal(op, "a bool mask", condition.dtype, "compare it, e.g. x.gt(0)");
  checkInputs(op, [x, condition]);
  broadcastShapes(op, x.sizes, condition.sizes);
  return where(condition, value, x);
}

/** The places that the host names. */
export function placesAlong(x: Tensor, dim: number, list: Int32Array): Tensor {
  return along(x, dim, hostTensor(x, [list.length], list));
}

// --- internal helpers ---

function along(x: Tensor, dim: number, list: Tensor): Tensor {
  // bool is looked up as numbers, which every device can.
  if (x.dtype === "bool") return along(x.type("int32"), dim, list).type("bool");
  const shape = x.sizes.map((size, i) => (i === dim ? list.size : size));
  return gather(x, dim, list.reshape(shape.map((size, i) => (i === dim ? size : 1))).expand(shape));
}
