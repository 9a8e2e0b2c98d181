import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { type OptionKinds, optionsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import type { ReduceOptions } from "../ops/reduce";
import { normalizeDims } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** Which norm: 2 is Euclid's; `Infinity` and `-Infinity` give the largest and smallest absolute value, 0 counts what is not 0. Default: 2. */
  readonly p?: number;
}

/**
 * The p-norm over dimensions: the p-th root of the sum of `|x|^p`. Its gradient where all elements are 0 is 0. Mirrors
 * [torch.linalg.vector_norm](https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html).
 *
 * @param input Any shape; float32 or float64.
 * @param options `p`: default 2. `dim`: one dimension or several, default all. `keepdim`: default false.
 * @throws TypeError for integers, RangeError for a dim that is not there, and of an empty dimension where p is infinite.
 * @example
 * ```ts
 * console.log(F.norm(tensor([3, 4])).itemSync()); // 5
 * ```
 */
export function norm(input: Tensor, options?: NormOptions): Tensor {
  const x = checkTensor("norm", input);
  const { p = 2, dim, keepdim = false } = optionsOf("norm", options, NORM);
  checkFloating("norm", x.dtype);
  return normOver(x, p, normalizeDims("norm", dim, x.sizes.length), keepdim);
}

/** The p-norm of a float tensor over `dims`, counted from the front. */
export function normOver(x: Tensor, p: number, dims: readonly number[], keepdim: boolean): Tensor {
  const over = { dim: dims, keepdim };
  return composed(() => {
    if (p === 0) return x.ne(0).type(x.dtype).sum(over);
    const size = x.abs();
    if (p === 1) return size.sum(over);
    if (p === Number.POSITIVE_INFINITY) return size.amax(over);
    if (p === Number.NEGATIVE_INFINITY) return size.amin(over);
    const powers = p === 2 ? x.mul(x) : p > 2 || p < 0 ? size.pow(p) : unlessZero(size, (s) => s.pow(p));
    const sum = powers.sum(over);
    return p < 0 ? sum.pow(1 / p) : unlessZero(sum, (s) => (p === 2 ? s.sqrt() : s.pow(1 / p)));
  });
}

// --- internal helpers ---

const NORM: OptionKinds<NormOptions> = { dim: "any", keepdim: "flag", p: "number" };

/** 0 where x is, with a gradient of 0, though the slope of `fn` there is infinite. */
function unlessZero(x: Tensor, fn: (x: Tensor) => Tensor): Tensor {
  const there = x.ne(0);
  return fn(x.where(there, 1)).where(there, 0);
}
