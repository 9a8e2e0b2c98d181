import { composed } from "../autograd/scope";
import { ShapeError } from "../errors/errors";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cat } from "../ops/cat";
import { arrayOf, checkShape, formatShape, normalizeDim, normalizeDims, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { placesAlong } from "./index-select";

/** Options of `roll`. */
export interface RollOptions {
  /** How many places elements move on, one number for each of `dims`; those that leave at the end come in at the start. */
  readonly shifts: number | readonly number[];
  /** Along which dimensions. Default: none; the elements move as if the tensor had one dimension. */
  readonly dims?: number | readonly number[];
}

/**
 * A copy, through which gradients pass. Mirrors [torch.clone](https://docs.pytorch.org/docs/stable/generated/torch.clone.html).
 *
 * @param input Any shape and dtype.
 */
export function clone(input: Tensor): Tensor {
  const x = checkTensor("clone", input);
  return composed(() => copyOf(x));
}

/**
 * The same in the opposite order along `dims`, a copy. Mirrors [torch.flip](https://docs.pytorch.org/docs/stable/generated/torch.flip.html).
 *
 * @param input Any shape and dtype.
 * @param options `dims`: one dimension or several.
 * @throws RangeError for a dim that is not there or named twice, TypeError without one.
 */
export function flip(input: Tensor, options: { dims: number | readonly number[] }): Tensor {
  const { dims } = optionsOf<{ dims: number | readonly number[] }>("flip", options, { dims: "any" });
  if (dims === undefined) throw wrongType("flip", "{ dims }", options, "name the dimensions");
  const x = checkTensor("flip", input);
  const given = Array.isArray(dims) && dims.length === 0 ? [] : normalizeDims("flip", dims, x.sizes.length);
  return composed(() =>
    given.reduce((y, dim) => {
      const size = x.sizes[dim] as number;
      return placesAlong(
        y,
        dim,
        Int32Array.from({ length: size }, (_, i) => size - 1 - i),
      );
    }, copyOf(x)),
  );
}

/**
 * Elements moved on along dimensions, around the end to the start. Mirrors [torch.roll](https://docs.pytorch.org/docs/stable/generated/torch.roll.html).
 *
 * @param input Any shape and dtype.
 * @param options `shifts`: how far; negative ones move back. `dims`: default none, as if there were one dimension.
 * @throws RangeError for another number of shifts than dims, and for a dim that is not there; TypeError without shifts.
 * @example
 * ```ts
 * console.log(F.roll(tensor([1, 2, 3]), { shifts: 1 }).dataSync().join(" ")); // 3 1 2
 * ```
 */
export function roll(input: Tensor, options: RollOptions): Tensor {
  const { shifts, dims } = optionsOf<RollOptions>("roll", options, { shifts: "any", dims: "any" });
  const x = checkTensor("roll", input);
  const by = integersOf("roll", "shifts", shifts);
  const along = dims === undefined ? null : integersOf("roll", "dims", dims).map((dim) => normalizeDim("roll", dim, x.sizes.length));
  if (by.length !== (along?.length ?? 1)) throw wrongValue("roll", `${along?.length ?? 1} shifts, as many as dims`, by.length);
  return composed(() => {
    const start = along === null ? x.reshape([-1]) : x;
    const moved = by.reduce((y, shift, i) => moveOn(y, along?.[i] ?? 0, shift), copyOf(start));
    return moved.reshape(x.sizes);
  });
}

/**
 * Copies side by side: `repeats[i]` of them along dimension i. Mirrors [torch.Tensor.repeat](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html).
 *
 * @param input Any shape and dtype.
 * @param options `repeats`: one for each dimension; more of them add dimensions in front.
 * @throws ShapeError for fewer repeats than dimensions, RangeError for such as are no integers of 0 or more.
 * @example
 * ```ts
 * console.log(F.repeat(ones([2, 3]), { repeats: [4, 1, 2] }).shape); // [ 4, 2, 6 ]
 * ```
 */
export function repeat(input: Tensor, options: { repeats: readonly number[] }): Tensor {
  const { repeats } = optionsOf<{ repeats: readonly number[] }>("repeat", options, { repeats: "any" });
  const x = checkTensor("repeat", input);
  const times = checkShape("repeat", repeats);
  if (times.length < x.sizes.length) {
    const detail = `expected at least ${x.sizes.length} repeats for ${formatShape(x.sizes)}, got ${times.length}`;
    throw new ShapeError("repeat", [x.sizes], detail);
  }
  const sizes = [...new Array<number>(times.length - x.sizes.length).fill(1), ...x.sizes];
  checkShape(
    "repeat",
    sizes.map((size, i) => size * (times[i] as number)),
  );
  return composed(() => times.reduce((y, count, dim) => (count === 1 ? y : expanded(y, dim, count, true)), copyOf(x).reshape(sizes)));
}

/**
 * Each element several times in a row. Mirrors [torch.repeat_interleave](https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html) with
 * one number for all elements.
 *
 * @param input Any shape and dtype.
 * @param options `repeats`: how often. `dim`: along which dimension; default none, as if there were one dimension.
 * @throws RangeError for repeats that are no integer of 0 or more, or a dim that is not there.
 * @example
 * ```ts
 * console.log(F.repeatInterleave(tensor([1, 2]), { repeats: 2 }).dataSync().join(" ")); // 1 1 2 2
 * ```
 */
export function repeatInterleave(input: Tensor, options: { repeats: number; dim?: number }): Tensor {
  const op = "repeatInterleave";
  const { repeats, dim } = optionsOf<{ repeats: number; dim?: number }>(op, options, { repeats: "any", dim: "any" });
  const x = checkTensor(op, input);
  checkInteger(op, "repeats", repeats, 0);
  const at = dim === undefined ? 0 : normalizeDim(op, dim, x.sizes.length);
  checkShape(op, [x.size, repeats]);
  return composed(() => expanded(copyOf(dim === undefined || x.sizes.length === 0 ? x.reshape([-1]) : x), at, repeats, false));
}

/** A copy, as one step of the graph. */
export function copyOf(x: Tensor): Tensor {
  return cat([x.reshape([-1])]).reshape(x.sizes);
}

// --- internal helpers ---

/** `count` times the dimension as a whole, or each of its places. */
function expanded(x: Tensor, dim: number, count: number, asWhole: boolean): Tensor {
  const size = x.sizes[dim] as number;
  const outer = sizeOf(x.sizes.slice(0, dim));
  const inner = sizeOf(x.sizes.slice(dim + 1));
  const shape: Shape = x.sizes.map((s, i) => (i === dim ? s * count : s));
  const [one, all] = asWhole
    ? [
        [outer, 1, size * inner],
        [outer, count, size * inner],
      ]
    : [
        [outer * size, 1, inner],
        [outer * size, count, inner],
      ];
  return x
    .reshape(one as Shape)
    .expand(all as Shape)
    .reshape(shape);
}

function moveOn(x: Tensor, dim: number, shift: number): Tensor {
  const size = x.sizes[dim] ?? 0;
  const by = size === 0 ? 0 : ((shift % size) + size) % size;
  return by === 0 ? x : cat([x.slice(dim, size - by), x.slice(dim, 0, size - by)], { dim });
}

function integersOf(op: string, name: string, value: unknown): number[] {
  const list = typeof value === "number" ? [value] : arrayOf(op, `${name} to be an integer or an array of them`, value);
  for (const item of list) checkInteger(op, name, item);
  return list as number[];
}
