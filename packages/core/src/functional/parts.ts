import { ShapeError } from "../errors/errors";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { parts } from "../ops/split";
import { arrayOf, formatShape, normalizeDim } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Options of `split`. */
export interface SplitOptions {
  /** The size of every part, the last one maybe smaller, or the sizes of all parts. */
  readonly splitSize: number | readonly number[];
  /** Which dimension is cut. Default: 0. */
  readonly dim?: number;
}

/**
 * Parts of a dimension, as views. Mirrors [torch.split](https://docs.pytorch.org/docs/stable/generated/torch.split.html).
 *
 * @param input At least one dimension.
 * @param options `splitSize`: of every part, or a list of sizes that sum to the dimension's. `dim`: default 0.
 * @throws RangeError for sizes that do not sum up or a dim that is not there, ShapeError for a scalar.
 * @example
 * ```ts
 * console.log(F.split(ones([5]), { splitSize: 2 }).map(({ shape }) => shape[0]).join(" ")); // 2 2 1
 * ```
 */
export function split(input: Tensor, options: SplitOptions): Tensor[] {
  const { splitSize, dim = 0 } = optionsOf<SplitOptions>("split", options, { splitSize: "any", dim: "any" });
  const { x, at, size } = cut("split", input, dim);
  if (typeof splitSize === "number") {
    checkInteger("split", "splitSize", splitSize, 1);
    return equalParts(x, at, size, splitSize);
  }
  const sizes = arrayOf("split", "splitSize to be an integer or an array of them", splitSize) as number[];
  for (const part of sizes) checkInteger("split", "splitSize", part, 0);
  const total = sizes.reduce((sum, part) => sum + part, 0);
  if (total !== size) throw wrongValue("split", `splitSize that sums to ${size}`, total);
  return parts(x, at, sizes);
}

/**
 * A number of parts of a dimension, all of one size but the last, as views; fewer where the size does not allow for so many. Mirrors
 * [torch.chunk](https://docs.pytorch.org/docs/stable/generated/torch.chunk.html).
 *
 * @param input At least one dimension.
 * @param options `chunks`: how many. `dim`: default 0.
 * @throws RangeError for chunks that are no integer of 1 or more or a dim that is not there, ShapeError for a scalar.
 */
export function chunk(input: Tensor, options: { chunks: number; dim?: number }): Tensor[] {
  const { chunks, dim = 0 } = optionsOf<{ chunks: number; dim?: number }>("chunk", options, { chunks: "any", dim: "any" });
  checkInteger("chunk", "chunks", chunks, 1);
  const { x, at, size } = cut("chunk", input, dim);
  return equalParts(x, at, size, Math.max(1, Math.ceil(size / chunks)));
}

/**
 * All places of a dimension, each as a view without it. Mirrors [torch.unbind](https://docs.pytorch.org/docs/stable/generated/torch.unbind.html).
 *
 * @param input At least one dimension.
 * @param options `dim`: default 0.
 * @throws RangeError for a dim that is not there, ShapeError for a scalar.
 */
export function unbind(input: Tensor, options?: { dim?: number }): Tensor[] {
  const { dim = 0 } = optionsOf<{ dim?: number }>("unbind", options, { dim: "any" });
  const { x, at, size } = cut("unbind", input, dim);
  if (size === 0) return [];
  return equalParts(x, at, size, 1).map((place) => {
    const view = place.squeeze(at);
    place.dispose();
    return view;
  });
}

// --- internal helpers ---

function cut(op: string, input: Tensor, dim: number): { x: Tensor; at: number; size: number } {
  const x = checkTensor(op, input);
  const at = normalizeDim(op, dim, x.sizes.length);
  const size = x.sizes[at];
  if (size === undefined) throw new ShapeError(op, [x.sizes], `expected at least one dimension, got ${formatShape(x.sizes)}`);
  return { x, at, size };
}

/** At least one, which is empty where the dimension is. */
export function equalParts(x: Tensor, dim: number, size: number, each: number): Tensor[] {
  const count = Math.max(1, Math.ceil(size / each));
  return parts(
    x,
    dim,
    Array.from({ length: count }, (_, i) => Math.min(each, size - i * each)),
  );
}
