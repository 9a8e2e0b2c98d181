/** What convolution and pooling share: options with a number for each dimension, inputs with and without a batch, and how many windows there are. */
import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { WindowSpec } from "../backend/backend";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { arrayOf, checkShape, formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** One number for every spatial dimension, or an array with one for each. */
export type PerDimension = number | readonly number[];

/** Windows along one dimension. */
export interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first element, and behind the last. */
  readonly padding: number;
  readonly paddingEnd: number;
}

/** Kernels count places in 32 bits. */
const MAX_PLACES = 2 ** 31;

/** An option as a list of `rank` integers from `min` on. */
export function perDimension(op: string, name: string, value: unknown, rank: number, min: number): readonly number[] {
  return listOf(op, name, value, rank, (item) => {
    checkInteger(op, name, item, min);
    return item + 0; // not -0
  });
}

/** An option as a list of `rank` of what `check` makes of each; a lone value, in an array or not, stands for all. */
export function listOf<T>(op: string, name: string, value: unknown, rank: number, check: (item: unknown) => T): readonly T[] {
  if (typeof value === "number" || value === null) return new Array<T>(rank).fill(check(value));
  const given = arrayOf(op, `${name} to be an integer or an array of ${rank}`, value).map(check);
  if (given.length !== 1 && given.length !== rank) throw wrongValue(op, `${name} to have ${rank} integers`, value);
  return given.length === rank ? given : new Array<T>(rank).fill(given[0] as T);
}

/** The input of a function of `rank` spatial dimensions: float, with or without a batch, nothing but which may be empty. */
export function checkImages(op: string, input: Tensor, rank: number): Tensor {
  const x = checkTensor(op, input);
  checkFloating(op, x.dtype);
  const { length } = x.sizes;
  const fits = (length === rank + 1 || length === rank + 2) && x.sizes.every((size, i) => size > 0 || (i === 0 && length === rank + 2));
  if (fits) return x;
  const unbatched = ["C", ...["D", "H", "W"].slice(3 - rank)].join(", ");
  const detail = `expected [N, ${unbatched}] or [${unbatched}] with no size of 0 but N, got ${formatShape(x.sizes)}`;
  throw new ShapeError(op, [x.sizes], detail);
}

/** Runs a function of batches on `x`, whose spatial dimensions are `rank`; what has no batch goes in and comes out as a batch of one. */
export function batchwise(x: Tensor, rank: number, fn: (x: Tensor) => Tensor): Tensor {
  return composed(() => (x.sizes.length === rank + 1 ? fn(x.unsqueeze(0)).squeeze(0) : fn(x)));
}

/** How many windows there are between both paddings. With `ceil` the last one may run over the end, but must not start behind the last element. */
export function windowCount(size: number, axis: Axis, ceil = false): number {
  const { kernel, stride, dilation, padding, paddingEnd } = axis;
  const steps = (size + padding + paddingEnd - dilation * (kernel - 1) - 1) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const count = Math.ceil(steps) + 1;
  return (count - 1) * stride >= size + padding ? count - 1 : count;
}

/** The windows over images of these sizes, when at least one fits along each dimension. `shapes` are those that a message names. */
export function windowSpec(
  op: string,
  sizes: Shape,
  axes: readonly Axis[],
  counts: readonly number[],
  shapes: readonly Shape[],
  padValue = 0,
): WindowSpec {
  const reach = axes.map(({ kernel, dilation }) => dilation * (kernel - 1) + 1);
  if (counts.some((count) => count < 1)) {
    const padded = sizes.map((size, i) => size + (axes[i] as Axis).padding + (axes[i] as Axis).paddingEnd);
    const detail = `expected windows no larger than the padded input, got windows of ${formatShape(reach)} for ${formatShape(padded)} - use a smaller kernel or more padding (shapes ${shapes.map(formatShape).join(" and ")})`;
    throw new ShapeError(op, shapes, detail);
  }
  axes.forEach(({ padding, paddingEnd }, i) => {
    const places = Math.max((sizes[i] as number) + padding + paddingEnd, reach[i] as number);
    if (!(places < MAX_PLACES)) throw wrongValue(op, "fewer than 2^31 places along a dimension, padding included", places);
  });
  checkShape(op, [...axes.map(({ kernel }) => kernel), ...counts]);
  return {
    kernel: axes.map(({ kernel }) => kernel),
    // A step that is never taken may have any size; kernels multiply it all the same.
    stride: axes.map(({ stride }, i) => (counts[i] === 1 ? 1 : stride)),
    dilation: axes.map(({ kernel, dilation }) => (kernel === 1 ? 1 : dilation)),
    padding: axes.map(({ padding }) => padding),
    outSizes: counts,
    padValue,
  };
}

/** Refuses tensors of different backends, under the name of the call. */
export function checkTogether(op: string, tensors: readonly (Tensor | null)[]): void {
  checkInputs(
    op,
    tensors.filter((x) => x !== null),
  );
}
