import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cat } from "../ops/cat";
import { argmax, countOf, REDUCE, type ReduceOptions, readReduction, sumOver } from "../ops/reduce";
import { normalizeDim, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { copyOf } from "./copies";

/** Options of reductions over one dimension. */
export interface DimOptions {
  /** Which dimension, negative from the end. Default: all, as if there were one. */
  readonly dim?: number;
  /** Keep it with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/**
 * The logarithm of the sum of exponentials, without overflow. Mirrors [torch.logsumexp](https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html).
 *
 * @param input Any shape; float32 or float64.
 * @param options `dim`: one dimension or several, default all. `keepdim`: default false.
 * @throws TypeError for integers, RangeError for a dim that is not there.
 */
export function logsumexp(input: Tensor, options?: ReduceOptions): Tensor {
  const { x, dims, keepdim } = readReduction("logsumexp", input, options, REDUCE);
  checkFloating("logsumexp", x.dtype);
  return composed(() => {
    if (countOf(x, dims) === 0) return sumOver(x.exp(), dims, keepdim).log();
    const largest = x.detach().amax({ dim: dims, keepdim: true });
    // An infinite one is not taken off: it would leave NaN.
    const offset = largest.where(largest.abs().ne(Number.POSITIVE_INFINITY), 0);
    const sums = sumOver(x.sub(offset).exp(), dims, true).log().add(offset);
    return keepdim ? sums : sums.reshape(x.sizes.filter((_, i) => !dims.includes(i)));
  });
}

/**
 * The product along one dimension, or of all elements; of nothing 1, of bool int32. Mirrors [torch.prod](https://docs.pytorch.org/docs/stable/generated/torch.prod.html).
 *
 * @param input Any shape. Gradients are right beside zeros, too.
 * @param options `dim`: default all. `keepdim`: default false.
 * @throws RangeError for a dim that is not there.
 */
export function prod(input: Tensor, options?: DimOptions): Tensor {
  const { x, sizes, dim, shape } = alongOne("prod", input, options);
  return composed(() => {
    let y = copyOf((x.dtype === "bool" ? x.type("int32") : x).reshape(sizes));
    let size = y.sizes[dim] as number;
    if (size === 0) return sumOver(y, [dim], true).add(1).reshape(shape);
    // Halves are multiplied with each other until one is left.
    for (; size > 1; size = Math.ceil(size / 2)) {
      const half = Math.floor(size / 2);
      const pairs = y.slice(dim, 0, half).mul(y.slice(dim, half, 2 * half));
      y = size % 2 === 0 ? pairs : cat([pairs, y.slice(dim, 2 * half)], { dim });
    }
    return y.reshape(shape);
  });
}

/**
 * The place of the smallest element along one dimension, or in the flattened tensor; int32. The first of equals; NaN is the smallest. Mirrors
 * [torch.argmin](https://docs.pytorch.org/docs/stable/generated/torch.argmin.html).
 *
 * @param input Any shape.
 * @param options `dim`: default all. `keepdim`: default false.
 * @throws RangeError for a dim that is not there, or of size 0.
 */
export function argmin(input: Tensor, options?: DimOptions): Tensor {
  const { x, sizes, dim, shape } = alongOne("argmin", input, options);
  if (sizes[dim] === 0) throw wrongValue("argmin", "at least one element", 0);
  return composed(() => {
    // Of integers -x - 1, which the smallest of them has, too.
    const opposite = x.dtype === "bool" ? x.eq(0).type("int32") : x.dtype === "int32" ? x.mul(-1).sub(1) : x.detach().neg();
    return argmax(opposite.reshape(sizes), { dim }).reshape(shape);
  });
}

/**
 * Whether any element is not 0, over dimensions; bool. NaN is not 0; of nothing false. Mirrors [torch.any](https://docs.pytorch.org/docs/stable/generated/torch.any.html).
 *
 * @param input Any shape and dtype.
 * @param options `dim`: one dimension or several, default all. `keepdim`: default false.
 * @throws RangeError for a dim that is not there.
 */
export function any(input: Tensor, options?: ReduceOptions): Tensor {
  const { x, dims, keepdim } = readReduction("any", input, options, REDUCE);
  return composed(() => sumOver(x.ne(0), dims, keepdim).gt(0));
}

/**
 * Whether all elements are not 0, over dimensions; bool. NaN is not 0; of nothing true. Mirrors [torch.all](https://docs.pytorch.org/docs/stable/generated/torch.all.html).
 *
 * @param input As for `any`, and so are options and errors.
 */
export function all(input: Tensor, options?: ReduceOptions): Tensor {
  const { x, dims, keepdim } = readReduction("all", input, options, REDUCE);
  return composed(() => sumOver(x.eq(0), dims, keepdim).eq(0));
}

// --- internal helpers ---

/** The tensor, its sizes (flat where no dimension is named), which of them goes, and the result's shape. */
function alongOne(op: string, input: Tensor, options: DimOptions | undefined): { x: Tensor; sizes: Shape; dim: number; shape: Shape } {
  const { dim, keepdim = false } = optionsOf<DimOptions>(op, options, { dim: "any", keepdim: "flag" });
  const x = checkTensor(op, input);
  const at = dim === undefined ? 0 : normalizeDim(op, dim, x.sizes.length);
  if (dim === undefined || x.sizes.length === 0) return { x, sizes: [x.size], dim: 0, shape: keepdim ? x.sizes.map(() => 1) : [] };
  return { x, sizes: x.sizes, dim: at, shape: x.sizes.flatMap((size, i) => (i !== at ? [size] : keepdim ? [1] : [])) };
}
