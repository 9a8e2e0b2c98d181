import { ANY, type Primitive } from "../autograd/node";
import { composed } from "../autograd/scope";
import type { ReduceOp } from "../backend/op-names";
import { checkFloating } from "../dtype/dtype";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { normalizeDims, type Shape, sizeOf } from "../shape/shape";
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
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  /** The shape of the result. */
  readonly shape: Shape;
  /** The same with the reduced dimensions as 1, to broadcast against the input. */
  readonly kept: Shape;
}

type Reduction = Primitive<ReduceAttrs> & { readonly name: ReduceOp };

const reduction = (name: ReduceOp, gradient: Omit<Primitive<ReduceAttrs>, "name" | "forward"> = {}): Reduction => ({
  ...gradient,
  name,
  forward: ([x], { outer, size, inner, shape }) =>
    computedLayout(x.storage.device, name === "argmax" || x.dtype === "bool" ? "int32" : x.dtype, shape, (out, kernels) =>
      kernels.reduce(name, x.layout, out, outer, size, inner),
    ),
});

const sumPrimitive = /* @__PURE__ */ reduction("sum", {
  backward: (node, grad) => [grad.reshape(node.attrs.kept).expand(node.shapes[0] as Shape)],
});

/**
 * The gradient of the largest or smallest elements is shared evenly among equals, as in PyTorch's amax and amin. A NaN equals nothing, so that
 * there is none to share it: all elements get NaN.
 */
const EXTREME: Parameters<typeof reduction>[1] = {
  reads: [ANY],
  readsOutput: ANY,
  backward(node, grad) {
    const { outer, size, inner, kept } = node.attrs;
    const mask = node.input(0).eq(node.output().reshape(kept)).type(grad.dtype);
    const count = mask.reshape([outer, size, inner]).sum({ dim: 1 });
    return [grad.reshape(kept).div(count.reshape(kept)).mul(mask)];
  },
};

const amaxPrimitive = /* @__PURE__ */ reduction("amax", EXTREME);
const aminPrimitive = /* @__PURE__ */ reduction("amin", EXTREME);
const argmaxPrimitive = /* @__PURE__ */ reduction("argmax");

/** What every reduction reads: the tensor, its options, and the dimensions from the front and ascending. */
export function readReduction<T extends ReduceOptions>(op: string, tensor: Tensor, options: T | undefined, kinds: OptionKinds<T>) {
  const x = checkTensor(op, tensor);
  const given = optionsOf(op, options, kinds);
  return { x, given, dims: normalizeDims(op, given.dim, x.sizes.length), keepdim: given.keepdim ?? false };
}

/** The sum over dimensions; of bool the int32 count. An empty sum is 0. */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy(sumPrimitive, x, options);
}

/** The largest element over dimensions; NaN if there is one. */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy(amaxPrimitive, x, options);
}

/** The smallest element over dimensions; NaN if there is one. */
export function amin(x: Tensor, options?: ReduceOptions): Tensor {
  return reduceBy(aminPrimitive, x, options);
}

/** The place of the largest element along one dimension, or in the flattened tensor; int32. The first of equals. */
export function argmax(x: Tensor, options?: { dim?: number; keepdim?: boolean }): Tensor {
  // Over all dimensions the place is that in the flattened tensor; over some it would be one in neither.
  if (Array.isArray(options?.dim)) throw wrongType("argmax", "dim to be an integer", options.dim);
  return reduceBy(argmaxPrimitive, x, options);
}

/** The mean over dimensions, of a float tensor. */
export function mean(tensor: Tensor, options?: ReduceOptions): Tensor {
  const { x, dims, keepdim } = readReduction("mean", tensor, options, REDUCE);
  checkFloating("mean", x.dtype);
  return meanOver(x, dims, keepdim);
}

/** The sum over `dims`, counted from the front and ascending. */
export function sumOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return reduce(sumPrimitive, x, dims, keepdim);
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

/** A reduction that is one primitive. */
function reduceBy(primitive: Reduction, tensor: Tensor, options?: ReduceOptions): Tensor {
  const { x, dims, keepdim } = readReduction(primitive.name, tensor, options, REDUCE);
  return reduce(primitive, x, dims, keepdim);
}

/** Reduces `dims`, counted from the front and ascending. */
function reduce(primitive: Reduction, x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const { name: op } = primitive;
  const first = dims[0] ?? 0;
  if (!dims.every((d, i) => d === first + i)) return reduceApart(primitive, x, dims, keepdim);
  const end = first + dims.length;
  const kept = x.sizes.map((size, i) => (i >= first && i < end ? 1 : size));
  const shape = keepdim ? kept : dims.length === x.sizes.length ? SCALAR : x.sizes.filter((_, i) => i < first || i >= end);
  const size = sizeOf(x.sizes.slice(first, end));
  if (size === 0 && op !== "sum") throw new RangeError(`${op}: expected at least one element, got a dimension of size 0`);
  const attrs = { outer: sizeOf(x.sizes.slice(0, first)), size, inner: sizeOf(x.sizes.slice(end)), shape, kept };
  return op !== "sum" && x.dtype === "bool" ? runCast(primitive, [x], attrs, "int32") : runContiguous(primitive, [x], attrs);
}

/** The same for dimensions that are apart, which are brought together at the end. */
function reduceApart(primitive: Reduction, x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const others = [...x.sizes.keys()].filter((i) => !dims.includes(i));
  const last = dims.map((_, i) => others.length + i);
  return composed(() =>
    reduce(primitive, x.permute([...others, ...dims]), last, false).reshape(
      x.sizes.flatMap((size, i) => (others.includes(i) ? size : keepdim ? 1 : [])),
    ),
  );
}
