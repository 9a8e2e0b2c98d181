import { checkInputs } from "../autograd/run";
import { type DType, isFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { refusal } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cast } from "../ops/layout";
import { formatShape, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { logicalNot, logicalOr } from "./logic";

/** Sizes of weights: batch, heads, queries, keys. */
export type WeightSizes = readonly [batch: number, heads: number, queries: number, keys: number];

/**
 * The two masks of `nn.MultiheadAttention`, where true blocks, as the one that `functional.scaledDotProductAttention` takes, where true lets through; a float mask is
 * added there as here. Null for none.
 */
export function blockedMask(
  op: string,
  sizes: WeightSizes,
  attnMask: Tensor | null,
  keyPaddingMask: Tensor | null,
  query: Tensor,
): Tensor | null {
  const [batch, heads, queries, keys] = sizes;
  const own = checkBlocking(op, "attnMask", attnMask, [
    [queries, keys],
    [batch * heads, queries, keys],
  ]);
  const padding = checkBlocking(op, "keyPaddingMask", keyPaddingMask, [[batch, keys]]);
  const all = [
    ...(own === null ? [] : [own.sizes.length === 2 ? own : own.reshape(sizes)]),
    ...(padding === null ? [] : [padding.reshape([batch, 1, 1, keys])]),
  ];
  const [first, second] = all;
  if (first === undefined) return null;
  checkInputs(op, [query, ...all]);
  if (all.every((mask) => mask.dtype === "bool")) return logicalNot(second === undefined ? first : logicalOr(first, second));
  const [added, more] = all.map((mask) => asAdded(mask, query.dtype));
  return more === undefined ? (added as Tensor) : (added as Tensor).add(more);
}

// --- internal helpers ---

function checkBlocking(op: string, name: string, mask: Tensor | null, shapes: readonly Shape[]): Tensor | null {
  if (mask === null) return null;
  const given = checkTensor(op, mask, name);
  if (given.dtype !== "bool" && !isFloating(given.dtype))
    throw refusal(op, `${name} to be bool or float`, given.dtype, "compare it, e.g. mask.ne(0)");
  if (!shapes.some((shape) => sameShape(shape, given.sizes))) {
    const detail = `expected ${name} of ${shapes.map(formatShape).join(" or ")}, got ${formatShape(given.sizes)}`;
    throw new ShapeError(op, [...shapes, given.sizes], detail);
  }
  return given;
}

/** What is added to the products: nothing where a bool mask lets through. */
function asAdded(mask: Tensor, dtype: DType): Tensor {
  const numbers = cast(mask, dtype);
  return mask.dtype === "bool" ? numbers.where(logicalNot(mask), Number.NEGATIVE_INFINITY) : numbers;
}
