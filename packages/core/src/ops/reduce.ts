import { ANY, type Inputs, type Layout, type Primitive } from "../autograd/node";
import { composed } from "../autograd/scope";
import type { ReduceOp } from "../backend/op-names";
import type { DType } from "../dtype/dtype";
import { checkFloating } from "../dtype/dtype";
import { type OptionKinds, optionsOf } from "../errors/options";
import { normalizeDim, normalizeDims, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, runCast, runContiguous } from "./layout";

/** Which dimensions a reduction takes away. */
export interface ReduceOptions {
  /** One dimension or several, negative from the end. Default: all. */
  readonly dim?: number | readonly number[];
  /** Keep the reduced dimensions with size 1. Default: false. */
  readonly keepdim?: boolean;
}

const SCALAR: Shape = [];
export const REDUCE: OptionKinds<ReduceOptions> = { dim: "any", keepdim: "flag" };

/** A reduction of neighbouring dimensions of a contiguous tensor, seen as [outer, size, inner]. */
interface ReduceAttrs {
  readonly op: ReduceOp;
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  /** The shape of the result. */
  readonly shape: Shape;
  /** The same with the reduced dimensions as 1, to broadcast against the input. */
  readonly kept: Shape;
}

const sumPrimitive: Primitive<ReduceAttrs> = {
  name: "sum",
  forward,
  backward: (node, grad) => [grad.reshape(node.attrs.kept).expand(node.shapes[0] as Shape)],
};

/**
 * The gradient of the largest or smallest elements is shared evenly among equals, as in PyTorch's amax and amin. A NaN equals nothing, so that
 * there is none to share it: all elements get NaN.
 */
const extreme = (name: string): Primitive<ReduceAttrs> => ({
  name,
  reads: [ANY],
  readsOutput: ANY,
  forward,
  backward(node, grad) {
    const mask = node.input(0).eq(node.output().reshape(node.attrs.kept)).type(grad.dtype);
    const count = mask.reshape([node.attrs.outer, node.attrs.size, node.attrs.inner]).sum({ dim: 1 });
    const share = grad.reshape(node.attrs.kept).div(count.reshape(node.attrs.kept));
    return [share.mul(mask)];
  },
});

const amaxPrimitive = /* @__PURE__ */ extreme("amax");
const aminPrimitive = /* @__PURE__ */ extreme("amin");

const argmaxPrimitive: Primitive<ReduceAttrs> = { name: "argmax", forward };

/** The sum over dimensions; of bool the int32 count. An empty sum is 0. */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy("sum", sumPrimitive, x, options);
}

/** The largest element over dimensions; NaN if there is one. */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy("amax", amaxPrimitive, x, options);
}

/** The smallest element over dimensions; NaN if there is one. */
export function amin(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy("amin", aminPrimitive, x, options);
}

/** The place of the largest element along one dimension, or in the flattened tensor; int32. The first of equals. */
export function argmax(tensor: Tensor, options?: { dim?: number; keepdim?: boolean }): Tensor {
  const x = checkTensor("argmax", tensor);
  const { dim, keepdim = false } = optionsOf<{ dim?: number; keepdim?: boolean }>("argmax", options, REDUCE);
  const rank = x.sizes.length;
  // Over all dimensions the place is that in the flattened tensor.
  const dims = normalizeDims("argmax", dim === undefined ? dim : normalizeDim("argmax", dim, rank), rank);
  return reduce("argmax", argmaxPrimitive, x, dims, keepdim);
}

/** The mean over dimensions, of a float tensor. */
export function mean(tensor: Tensor, options?: ReduceOptions): Tensor {
  const x = checkTensor("mean", tensor);
  checkFloating("mean", x.dtype);
  const { dim, keepdim = false } = optionsOf("mean", options, REDUCE);
  return meanOver(x, normalizeDims("mean", dim, x.sizes.length), keepdim);
}

/** The sum over `dims`, counted from the front and ascending. */
export function sumOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return reduce("sum", sumPrimitive, x, dims, keepdim);
}

/** The mean over them. */
export function meanOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const total = sumOver(x, dims, keepdim);
  try {
    return total.div(countOf(x, dims));
  } finally {
    total.dispose();
  }
}

/** The number of elements that each result is made of. */
export function countOf(x: Tensor, dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * (x.sizes[dim] as number), 1);
}

// --- internal helpers ---

function forward([x]: Inputs, { op, outer, size, inner, shape }: ReduceAttrs): Layout {
  const dtype: DType = op === "argmax" || x.dtype === "bool" ? "int32" : x.dtype;
  return computedLayout(x.storage.device, dtype, shape, (out, kernels) => kernels.reduce(op, x.layout, out, outer, size, inner));
}

/** Reads the options of a reduction that is one primitive. */
function reduceBy(op: ReduceOp, primitive: Primitive<ReduceAttrs>, tensor: Tensor, options?: ReduceOptions): Tensor {
  const x = checkTensor(op, tensor);
  const { dim, keepdim = false } = optionsOf(op, options, REDUCE);
  return reduce(op, primitive, x, normalizeDims(op, dim, x.sizes.length), keepdim);
}

/** Reduces `dims`, counted from the front and ascending. */
function reduce(op: ReduceOp, primitive: Primitive<ReduceAttrs>, x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const first = dims[0] ?? 0;
  if (!dims.every((d, i) => d === first + i)) return reduceApart(op, primitive, x, dims, keepdim);
  const end = first + dims.length;
  const kept = x.sizes.map((size, i) => (i >= first && i < end ? 1 : size));
  const shape = keepdim ? kept : dims.length === x.sizes.length ? SCALAR : x.sizes.filter((_, i) => i < first || i >= end);
  const size = sizeOf(x.sizes.slice(first, end));
  if (size === 0 && op !== "sum") throw new RangeError(`${op}: expected at least one element to choose from, got a dimension of size 0`);
  const attrs = { op, outer: sizeOf(x.sizes.slice(0, first)), size, inner: sizeOf(x.sizes.slice(end)), shape, kept };
  return op !== "sum" && x.dtype === "bool" ? runCast(primitive, [x], attrs, "int32") : runContiguous(primitive, [x], attrs);
}

/** The same for dimensions that are apart, which are brought together at the end. */
function reduceApart(op: ReduceOp, primitive: Primitive<ReduceAttrs>, x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const others = [...x.sizes.keys()].filter((i) => !dims.includes(i));
  const last = dims.map((_, i) => others.length + i);
  return composed(() =>
    reduce(op, primitive, x.permute([...others, ...dims]), last, false).reshape(
      x.sizes.flatMap((size, i) => (others.includes(i) ? size : keepdim ? 1 : [])),
    ),
  );
}
