import { hostArray } from "../dtype/dtype";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { pickPlaces } from "../ops/unfold";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { largestOf, meansOf, productsOf } from "./pooling";
import { batchwise, checkImages, listOf } from "./windows";

/** What adaptive pooling takes. */
export interface AdaptivePoolOptions {
  /** Sizes of the result: one number for every spatial dimension, or an array with one for each; null keeps the input's. */
  readonly outputSize: number | null | readonly (number | null)[];
}

const ADAPTIVE_POOL: OptionKinds<AdaptivePoolOptions> = { outputSize: "any" };

/**
 * The mean of windows that are as many as asked for: window i goes from `floor(i * L / outputSize)` up to, not including, `ceil((i + 1) * L / outputSize)`.
 * Mirrors [torch.nn.functional.adaptive_avg_pool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html).
 *
 * @param input `[N, C, L]`, or `[C, L]` without a batch; float32 or float64.
 * @param options `outputSize`: has no default.
 * @returns `[N, C, outputSize]`, or without N.
 * @throws ShapeError for other shapes; TypeError for integers, and without an outputSize; RangeError for one below 1.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3, 4, 5]]);
 * console.log(F.adaptiveAvgPool1d(x, { outputSize: 2 }).dataSync().join()); // 2,4
 * ```
 */
export function adaptiveAvgPool1d(input: Tensor, options: AdaptivePoolOptions): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool1d", 1, input, outputSizeOf("adaptiveAvgPool1d", options));
}

/**
 * The mean of windows that are as many as asked for, over two dimensions. Mirrors
 * [torch.nn.functional.adaptive_avg_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html).
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param options `outputSize`: a number for both, or one for each, of which null keeps the input's.
 * @throws As `adaptiveAvgPool1d`.
 * @example
 * ```ts
 * const x = ones([1, 3, 7, 9]);
 * console.log(F.adaptiveAvgPool2d(x, { outputSize: [3, null] }).shape); // [ 1, 3, 3, 9 ]
 * ```
 */
export function adaptiveAvgPool2d(input: Tensor, options: AdaptivePoolOptions): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool2d", 2, input, outputSizeOf("adaptiveAvgPool2d", options));
}

/**
 * The largest element of windows that are as many as asked for; NaN wins. The gradient goes to the first of equals. Mirrors
 * [torch.nn.functional.adaptive_max_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html) without its `return_indices`.
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param options As for `adaptiveAvgPool2d`.
 * @throws As `adaptiveAvgPool1d`.
 */
export function adaptiveMaxPool2d(input: Tensor, options: AdaptivePoolOptions): Tensor {
  return adaptiveMaxPool("adaptiveMaxPool2d", 2, input, outputSizeOf("adaptiveMaxPool2d", options));
}

/** Sizes of a result as a list, where null is the input's. */
export function adaptiveSizes(op: string, outputSize: unknown, rank: number): readonly (number | null)[] {
  return listOf(op, "outputSize", outputSize, rank, (size) => {
    if (size !== null) checkInteger(op, "outputSize", size, 1);
    return size;
  });
}

/** Adaptive average pooling over `rank` dimensions. */
export function adaptiveAvgPool(op: string, rank: number, input: Tensor, outputSize: unknown): Tensor {
  return adaptive(op, rank, input, outputSize, 0, (windows, axes) => {
    const lengths = axes.map((axis) => Array.from({ length: axis.count }, (_, i) => endOf(axis, i) - startOf(axis, i)));
    return meansOf(windows, productsOf(lengths));
  });
}

/** Adaptive max pooling over `rank` dimensions. */
export function adaptiveMaxPool(op: string, rank: number, input: Tensor, outputSize: unknown): Tensor {
  return adaptive(op, rank, input, outputSize, Number.NEGATIVE_INFINITY, largestOf);
}

// --- internal helpers ---

/** The one option of adaptive pooling; what it is, is looked at later. */
function outputSizeOf(op: string, options: AdaptivePoolOptions): AdaptivePoolOptions["outputSize"] {
  return optionsOf(op, options, ADAPTIVE_POOL).outputSize as AdaptivePoolOptions["outputSize"];
}

/** One dimension of the input, and its windows. */
interface Axis {
  readonly size: number;
  readonly count: number;
}

function startOf({ size, count }: Axis, window: number): number {
  return Math.floor((window * size) / count);
}

function endOf({ size, count }: Axis, window: number): number {
  return Math.ceil(((window + 1) * size) / count);
}

/** The length of the longest window: starts fall on all multiples of the common divisor. */
function longest({ size, count }: Axis): number {
  let [a, b] = [size, count];
  while (b > 0) [a, b] = [b, a % b];
  return Math.ceil((size + count - a) / count);
}

/** Writes out all windows, as long as the longest, has them reduced to `[N, C, windows]`, and gives these their shape. */
function adaptive(
  op: string,
  rank: number,
  input: Tensor,
  outputSize: unknown,
  padValue: number,
  reduce: (windows: Tensor, axes: readonly Axis[]) => Tensor,
): Tensor {
  const wanted = adaptiveSizes(op, outputSize, rank);
  const x = checkImages(op, input, rank);
  const axes = x.sizes.slice(-rank).map((size, i) => ({ size, count: wanted[i] ?? size }));
  const counts = axes.map(({ count }) => count);
  const kernel = axes.map(longest);
  checkShape(op, [...x.sizes, ...kernel, ...counts]);
  const places = placesOf(axes, kernel, counts);
  return batchwise(x, rank, (images) => {
    const [n, c] = images.sizes as [number, number];
    const windows = pickPlaces(images, places, padValue).reshape([n, c, sizeOf(kernel), sizeOf(counts)]);
    return reduce(windows, axes).reshape([n, c, ...counts]);
  });
}

/** Where each element of each window lies, `[elements, windows]`; the place behind the last stands for what a shorter window lacks. */
function placesOf(axes: readonly Axis[], kernel: Shape, counts: Shape): Int32Array {
  const windows = sizeOf(counts);
  const places = hostArray("host", "int32", sizeOf(kernel) * windows);
  const none = axes.reduce((product, { size }) => product * size, 1);
  for (let at = 0; at < places.length; at++) {
    // From the last dimension on, whose numbers change fastest.
    let [element, window, place, step] = [Math.floor(at / windows), at % windows, 0, 1];
    for (let i = axes.length - 1; i >= 0; i--) {
      const axis = axes[i] as Axis;
      const length = kernel[i] as number;
      const along = startOf(axis, window % axis.count) + (element % length);
      place = place < none && along < endOf(axis, window % axis.count) ? place + along * step : none;
      step *= axis.size;
      window = Math.floor(window / axis.count);
      element = Math.floor(element / length);
    }
    places[at] = place;
  }
  return places;
}
