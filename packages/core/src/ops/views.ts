/** Operations that move no data: another shape over the same storage. */

import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { ShapeError } from "../errors/errors";
import { wrongValue } from "../errors/refusal";
import { arrayOf, broadcastStrides, checkShape, contiguousStrides, formatShape, normalizeDim, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { runContiguous, viewLayout } from "./layout";
import { slicePrimitive } from "./slice";
import { sumTo } from "./sum-to";

interface ViewAttrs {
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Reshapes what is contiguous; also adds and drops dimensions of size 1 anywhere. */
const reshapePrimitive: Primitive<ViewAttrs> = {
  name: "reshape",
  forward: ([x], { shape, strides }) => viewLayout(x.layout, shape, strides),
  backward: (node, grad) => [grad.reshape(node.shapes[0] as Shape)],
};

const permutePrimitive: Primitive<readonly number[]> = {
  name: "permute",
  forward([x], dims) {
    const pick = (from: readonly number[]) => dims.map((dim) => from[dim] as number);
    return viewLayout(x.layout, pick(x.sizes), pick(x.steps));
  },
  backward(node, grad) {
    const inverse = new Array<number>(node.attrs.length);
    node.attrs.forEach((dim, i) => {
      inverse[dim] = i;
    });
    return [grad.permute(inverse)];
  },
};

const expandPrimitive: Primitive<Shape> = {
  name: "expand",
  forward: ([x], shape) => viewLayout(x.layout, shape, broadcastStrides(x.sizes, x.steps, shape)),
  backward: (node, grad) => [sumTo(grad, node.shapes[0] as Shape)],
};

/** The same elements in another shape; one size may be -1 and follows from the others. Copies only what is not contiguous. */
export function reshape(tensor: Tensor, shape: Shape): Tensor {
  const x = checkTensor("reshape", tensor);
  const sizes = resolveSizes(x, shape);
  return runContiguous(reshapePrimitive, [x], { shape: sizes, strides: contiguousStrides(sizes) });
}

/** Reorders all dimensions. */
export function permute(tensor: Tensor, dims: readonly number[]): Tensor {
  const x = checkTensor("permute", tensor);
  const rank = x.sizes.length;
  const order = arrayOf("permute", "an array of dims", dims).map((dim) => normalizeDim("permute", dim, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new RangeError(`permute: expected each of the ${rank} dims once, got ${formatShape(order)}`);
  }
  return run(permutePrimitive, [x], order);
}

/** Swaps two dimensions. */
export function transpose(tensor: Tensor, dim0: number, dim1: number): Tensor {
  const x = checkTensor("transpose", tensor);
  const rank = x.sizes.length;
  const a = normalizeDim("transpose", dim0, rank);
  const b = normalizeDim("transpose", dim1, rank);
  return run(
    permutePrimitive,
    [x],
    x.sizes.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}

/** Repeats dimensions of size 1, and adds new ones in front, without copying; -1 keeps a size. */
export function expand(tensor: Tensor, shape: Shape): Tensor {
  const x = checkTensor("expand", tensor);
  const given = arrayOf("expand", "a shape such as [2, -1]", shape);
  const shift = given.length - x.sizes.length;
  const sizes = checkShape(
    "expand",
    given.map((size, i) => (size === -1 && i >= shift ? x.sizes[i - shift] : size)),
  );
  if (shift < 0 || x.sizes.some((size, i) => size !== 1 && size !== sizes[i + shift])) {
    const detail = `expected sizes that are equal or 1, got ${formatShape(x.sizes)} for ${formatShape(sizes)}`;
    throw new ShapeError("expand", [x.sizes, sizes], detail);
  }
  return run(expandPrimitive, [x], sizes);
}

/** Drops a dimension of size 1 (one of another size stays, as in PyTorch), or all of them. */
export function squeeze(tensor: Tensor, dim?: number): Tensor {
  const x = checkTensor("squeeze", tensor);
  const at = dim === undefined ? undefined : normalizeDim("squeeze", dim, x.sizes.length);
  const kept = [...x.sizes.keys()].filter((i) => x.sizes[i] !== 1 || (at ?? i) !== i);
  const pick = (from: readonly number[]) => kept.map((i) => from[i] as number);
  return run(reshapePrimitive, [x], { shape: pick(x.sizes), strides: pick(x.steps) });
}

/** Adds a dimension of size 1 before `dim`; negative ones count from behind the last. */
export function unsqueeze(tensor: Tensor, dim: number): Tensor {
  const x = checkTensor("unsqueeze", tensor);
  const at = normalizeDim("unsqueeze", dim, x.sizes.length + 1);
  const insert = (values: readonly number[], value: number) => [...values.slice(0, at), value, ...values.slice(at)];
  return run(reshapePrimitive, [x], { shape: checkShape("unsqueeze", insert(x.sizes, 1)), strides: insert(x.steps, 1) });
}

/**
 * Elements `start` up to, not including, `end` along `dim`, in steps of `step`. Negative places count from the end and all are cut to what
 * is there, as in PyTorch and in `Array.prototype.slice`.
 */
export function slice(tensor: Tensor, dim: number, start = 0, end?: number, step = 1): Tensor {
  const x = checkTensor("slice", tensor);
  const at = normalizeDim("slice", dim, x.sizes.length);
  const size = x.sizes[at];
  if (size === undefined) throw new ShapeError("slice", [x.sizes], "expected at least one dimension, got a scalar");
  for (const value of [start, end, step]) {
    if (value !== undefined && !Number.isInteger(value)) throw wrongValue("slice", "integers", value);
  }
  if (step < 1) throw wrongValue("slice", "a step of 1 or more", step);
  const place = (value: number) => Math.min(Math.max(value < 0 ? value + size : value, 0), size);
  const first = place(start);
  const count = Math.max(0, Math.ceil((place(end ?? size) - first) / step));
  // A step that is never taken would only make strides larger than numbers count exactly.
  return run(slicePrimitive, [x], { dim: at, start: first, step: count > 1 ? step : 1, count });
}

// --- internal helpers ---

function resolveSizes(x: Tensor, shape: Shape): Shape {
  const given = arrayOf("reshape", "a shape such as [2, -1]", shape);
  const open = given.indexOf(-1);
  const sizes = checkShape(
    "reshape",
    given.map((size) => (size === -1 ? 1 : size)),
  );
  const known = sizeOf(sizes);
  const rest = x.size / known;
  if (open < 0 ? known === x.size : open === given.lastIndexOf(-1) && Number.isInteger(rest))
    return sizes.map((size, i) => (i === open ? rest : size));
  const detail = `expected a shape of ${x.size} elements for ${formatShape(x.sizes)}, got ${formatShape(given as Shape)}`;
  throw new ShapeError("reshape", [x.sizes, given as Shape], detail);
}
