import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { normalizeDims } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkEps } from "./normalization";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Which norm: the root of this order of the summed powers; Infinity is the largest absolute value. Default: 2. */
  readonly p?: number;
  /** The dimension of the vectors, or several. Default: 1. */
  readonly dim?: number | readonly number[];
  /** Shorter vectors are divided by this. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * Divides vectors by their norm: `x / max(|x|, eps)`. Mirrors
 * [torch.nn.functional.normalize](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html) for norms of an order above 0.
 *
 * @param input Any shape with `dim`; float32 or float64.
 * @param options `p`: default 2. `dim`: default 1. `eps`: default 1e-12.
 * @returns A tensor of the input's shape.
 * @throws RangeError for a `p` of 0 or below, an eps below 0, or a dim that is not there; TypeError for integers.
 * @example
 * ```ts
 * console.log(String(F.normalize(tensor([3, 4]), { dim: 0 }))); // Tensor([0.6, 0.8], [2], float32, cpu)
 * ```
 */
export function normalize(input: Tensor, options?: NormalizeOptions): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = optionsOf("normalize", options, NORMALIZE);
  const x = checkTensor("normalize", input);
  checkFloating("normalize", x.dtype);
  if (!(p > 0)) throw wrongValue("normalize", "p above 0", p);
  checkEps("normalize", eps);
  const dims = normalizeDims("normalize", dim, x.sizes.length);
  return composed(() => x.div(norm(x, p, dims).clamp({ min: eps })));
}

// --- internal helpers ---

const NORMALIZE: OptionKinds<NormalizeOptions> = { p: "number", dim: "any", eps: "number" };

function norm(x: Tensor, p: number, dim: readonly number[]): Tensor {
  // A scalar has no dimension to name, and is a vector of one.
  const over = { dim: dim.length === 0 ? undefined : dim, keepdim: true };
  if (p === Number.POSITIVE_INFINITY) return x.abs().amax(over);
  if (p === 2) return besideZero(x.mul(x).sum(over), (sum) => sum.sqrt());
  const powers = besideZero(x.abs(), (a) => (p === 1 ? a : a.pow(p)));
  return besideZero(powers.sum(over), (sum) => (p === 1 ? sum : sum.pow(1 / p)));
}

/** A function that leaves 0 where it is, and has no slope to tell there; the gradient is 0, as in PyTorch. */
function besideZero(x: Tensor, fn: (x: Tensor) => Tensor): Tensor {
  const isOther = x.ne(0);
  return fn(x.where(isOther, 1)).where(isOther, 0);
}
