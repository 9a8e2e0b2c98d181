import { ANY, type Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { ReduceOp } from "../backend/op-names";
import type { DType } from "../dtype/dtype";
import { checkFloating } from "../dtype/dtype";
import { optionsOf } from "../errors/errors";
import { normalizeDims, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { cast, contiguous, emptyLayout } from "./layout";

/** Which dimensions a reduction takes away. */
export interface ReduceOptions {
  /** One dimension or several, negative from the end. Default: all. */
  readonly dim?: number | readonly number[];
  /** Keep the reduced dimensions with size 1. Default: false. */
  readonly keepdim?: boolean;
}

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

/** The gradient of the largest or smallest elements is shared evenly among equals, as in PyTorch's amax and amin. */
const extreme = (name: string): Primitive<ReduceAttrs> => ({
  name,
  reads: [ANY],
  readsOutput: ANY,
  forward,
  backward(node, grad) {
    const isExtreme = node.input(0).eq(node.output().reshape(node.attrs.kept));
    const count = isExtreme.type(grad.dtype).reshape([node.attrs.outer, node.attrs.size, node.attrs.inner]).sum({ dim: 1 });
    const share = grad.reshape(node.attrs.kept).div(count.reshape(node.attrs.kept));
    return [share.where(isExtreme, 0)];
  },
});

const amaxPrimitive = /* @__PURE__ */ extreme("amax");
const aminPrimitive = /* @__PURE__ */ extreme("amin");

const argmaxPrimitive: Primitive<ReduceAttrs> = { name: "argmax", forward };

/** The sum over dimensions; of bool the int32 count. An empty sum is 0. */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce("sum", sumPrimitive, x, options);
}

/** The largest element over dimensions; NaN if there is one. */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce("amax", amaxPrimitive, x, options);
}

/** The smallest element over dimensions; NaN if there is one. */
export function amin(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce("amin", aminPrimitive, x, options);
}

/** The place of the largest element along one dimension, or in the flattened tensor; int32. The first of equals. */
export function argmax(x: Tensor, options?: { dim?: number; keepdim?: boolean }): Tensor {
  const { dim, keepdim = false } = optionsOf("argmax", options);
  if (dim === undefined) {
    const place = reduce("argmax", argmaxPrimitive, x.reshape([-1]), { dim: 0 });
    return keepdim ? place.reshape(x.shape.map(() => 1)) : place;
  }
  return reduce("argmax", argmaxPrimitive, x, { dim, keepdim });
}

/** The mean over dimensions, of a float tensor. */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  checkFloating("mean", x.dtype);
  const count = countOf("mean", x, options);
  return sum(x, options).div(count);
}

/** The variance over dimensions: squared distances from the mean, summed and divided by the count less `correction`. */
export function variance(x: Tensor, given?: ReduceOptions & { correction?: number }): Tensor {
  checkFloating("var", x.dtype);
  const { correction = 1, ...options } = optionsOf("var", given);
  const centred = x.sub(mean(x, { ...options, keepdim: true }));
  return sum(centred.mul(centred), options).div(Math.max(0, countOf("var", x, options) - correction));
}

// --- internal helpers ---

function forward(inputs: readonly Tensor[], { op, outer, size, inner, shape }: ReduceAttrs) {
  const x = inputs[0] as Tensor;
  const { device } = x.storage;
  const dtype: DType = op === "argmax" || x.dtype === "bool" ? "int32" : x.dtype;
  const out = emptyLayout(device, dtype, shape);
  device.kernels.reduce(op, x, out, outer, size, inner);
  return out;
}

function reduce(op: ReduceOp, primitive: Primitive<ReduceAttrs>, x: Tensor, options?: ReduceOptions): Tensor {
  const { dim, keepdim = false } = optionsOf(op, options);
  const rank = x.shape.length;
  const dims = normalizeDims(op, dim, rank);
  const isReduced = (i: number) => dims.includes(i);
  const kept = x.shape.map((size, i) => (isReduced(i) ? 1 : size));
  const shape = keepdim ? kept : x.shape.filter((_, i) => !isReduced(i));
  const first = dims[0] ?? 0;
  const adjacent = dims.every((d, i) => d === first + i);
  // Dimensions that are apart are brought together at the end.
  const order = adjacent ? null : [...x.shape.keys()].filter((i) => !isReduced(i)).concat(dims);
  const source = order === null ? x : x.permute(order);
  const start = order === null ? first : rank - dims.length;
  const outer = sizeOf(source.shape.slice(0, start));
  const size = sizeOf(source.shape.slice(start, start + dims.length));
  const inner = sizeOf(source.shape.slice(start + dims.length));
  if (size === 0 && op !== "sum") throw new RangeError(`${op}: expected at least one element to choose from, got a dimension of size 0`);
  const input = contiguous(op !== "sum" && x.dtype === "bool" ? cast(source, "int32") : source);
  // Seen from a permuted source, the kept dimensions broadcast in the permuted order.
  const broadcast = order === null ? kept : source.shape.map((s, i) => (i < start ? s : 1));
  const result = run(primitive, [input], {
    op,
    outer,
    size,
    inner,
    shape: order === null ? shape : source.shape.slice(0, start),
    kept: broadcast,
  });
  return order === null ? result : result.reshape(shape);
}

function countOf(op: string, x: Tensor, options: ReduceOptions | undefined): number {
  return normalizeDims(op, optionsOf(op, options).dim, x.shape.length).reduce((product, dim) => product * (x.shape[dim] as number), 1);
}
