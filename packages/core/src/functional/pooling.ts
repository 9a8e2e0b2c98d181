import type { PoolOp } from "../backend/backend";
import { checkBoolean, checkNumber, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { gather } from "../ops/gather";
import { pool, pools } from "../ops/pool";
import { constantsBeside, unfoldWindows } from "../ops/unfold";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { type Axis, batchwise, checkImages, type PerDimension, perDimension, windowCount, windowSpec } from "./windows";

/** What max pooling takes. Numbers stand for every spatial dimension. */
export interface MaxPoolOptions {
  /** Sizes of a window. */
  readonly kernelSize: PerDimension;
  /** Places from one window to the next. Default: kernelSize. */
  readonly stride?: PerDimension;
  /** Padding on both sides, at most half of the kernel. Default: 0. */
  readonly padding?: PerDimension;
  /** Places from one element of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Add a window that runs over the end, where elements would be left. It must not start behind the last element. Default: false. */
  readonly ceilMode?: boolean;
}

/** What average pooling takes. Numbers stand for every spatial dimension. */
export interface AvgPoolOptions extends Omit<MaxPoolOptions, "dilation"> {
  /** Count the zeros of the padding in the mean. Default: true. */
  readonly countIncludePad?: boolean;
}

/** What average pooling of images and volumes takes beside that. */
export interface DividedPoolOptions extends AvgPoolOptions {
  /** Divide each sum by this, whatever the number of elements. Default: null, the mean. */
  readonly divisorOverride?: number | null;
}

/** Options of max pooling with every default filled in. */
export type MaxPoolSettings = Required<MaxPoolOptions>;
/** The same for average pooling. */
export type AvgPoolSettings = Required<DividedPoolOptions>;

/** The options without those that a layer takes as an argument. */
type Rest<T> = Omit<T, "kernelSize">;
export const MAX_POOL: OptionKinds<Rest<MaxPoolOptions>> = { stride: "any", padding: "any", ceilMode: "flag", dilation: "any" };
export const AVG_POOL: OptionKinds<Rest<AvgPoolOptions>> = { stride: "any", padding: "any", ceilMode: "flag", countIncludePad: "flag" };
export const DIVIDED_POOL: OptionKinds<Rest<DividedPoolOptions>> = { ...AVG_POOL, divisorOverride: "any" };

/**
 * The largest element of each window; NaN wins. The gradient goes to the first of equals, or to the first NaN. Mirrors
 * [torch.nn.functional.max_pool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html) without its `return_indices`.
 *
 * @param input `[N, C, L]`, or `[C, L]` without a batch; float32 or float64.
 * @param options `kernelSize`: has no default. `stride`: default kernelSize. `padding`: default 0; it is -Infinity, and so never wins. `dilation`: default 1. `ceilMode`: default false.
 * @returns `[N, C, L']`, or without N.
 * @throws ShapeError for other shapes, and where no window fits; TypeError for integers, and without a kernelSize; RangeError for options out of range, such
 *   as a padding of more than half the kernel.
 * @example
 * ```ts
 * console.log(F.maxPool1d(tensor([[1, 3, 2, 0]]), { kernelSize: 2 }).dataSync().join()); // 3,2
 * ```
 */
export function maxPool1d(input: Tensor, options: MaxPoolOptions): Tensor {
  return maxPoolOf("maxPool1d", 1, input, options);
}

/**
 * The largest element of each window. Mirrors
 * [torch.nn.functional.max_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html) without its `return_indices`.
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param options As for `maxPool1d`; arrays have a number for each dimension.
 * @throws As `maxPool1d`.
 * @example
 * ```ts
 * console.log(F.maxPool2d(ones([1, 3, 8, 8]), { kernelSize: 2 }).shape); // [ 1, 3, 4, 4 ]
 * ```
 */
export function maxPool2d(input: Tensor, options: MaxPoolOptions): Tensor {
  return maxPoolOf("maxPool2d", 2, input, options);
}

/**
 * The largest element of each window. Mirrors
 * [torch.nn.functional.max_pool3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html) without its `return_indices`.
 *
 * @param input `[N, C, D, H, W]`, or `[C, D, H, W]` without a batch.
 * @param options As for `maxPool1d`; arrays have a number for each dimension.
 * @throws As `maxPool1d`.
 */
export function maxPool3d(input: Tensor, options: MaxPoolOptions): Tensor {
  return maxPoolOf("maxPool3d", 3, input, options);
}

/**
 * The mean of each window. Mirrors
 * [torch.nn.functional.avg_pool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html).
 *
 * @param input `[N, C, L]`, or `[C, L]` without a batch; float32 or float64.
 * @param options `kernelSize`: has no default. `stride`: default kernelSize. `padding`: default 0, filled with zeros, which count unless `countIncludePad`
 *   is false. `ceilMode`: default false; what a window has beyond the padding never counts.
 * @returns `[N, C, L']`, or without N.
 * @throws As `maxPool1d`.
 * @example
 * ```ts
 * console.log(F.avgPool1d(tensor([[1, 3, 2, 0]]), { kernelSize: 2 }).dataSync().join()); // 2,1
 * ```
 */
export function avgPool1d(input: Tensor, options: AvgPoolOptions): Tensor {
  return avgPoolOf("avgPool1d", 1, input, options, AVG_POOL);
}

/**
 * The mean of each window. Mirrors
 * [torch.nn.functional.avg_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html).
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param options As for `avgPool1d`; arrays have a number for each dimension. `divisorOverride`: what to divide each sum by in place of the number of elements.
 * @throws As `maxPool1d`; RangeError for a divisorOverride that is no integer, or 0.
 * @example
 * ```ts
 * console.log(F.avgPool2d(ones([1, 3, 8, 8]), { kernelSize: 2 }).shape); // [ 1, 3, 4, 4 ]
 * ```
 */
export function avgPool2d(input: Tensor, options: DividedPoolOptions): Tensor {
  return avgPoolOf("avgPool2d", 2, input, options, DIVIDED_POOL);
}

/**
 * The mean of each window. Mirrors
 * [torch.nn.functional.avg_pool3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html).
 *
 * @param input `[N, C, D, H, W]`, or `[C, D, H, W]` without a batch.
 * @param options As for `avgPool2d`.
 * @throws As `avgPool2d`.
 */
export function avgPool3d(input: Tensor, options: DividedPoolOptions): Tensor {
  return avgPoolOf("avgPool3d", 3, input, options, DIVIDED_POOL);
}

/** The options of max pooling with their defaults. */
export function maxPoolSettings(kernelSize: PerDimension, options: Rest<MaxPoolOptions>): MaxPoolSettings {
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  return { kernelSize, stride, padding, dilation, ceilMode };
}

/** The options of average pooling with their defaults. */
export function avgPoolSettings(kernelSize: PerDimension, options: Rest<DividedPoolOptions>): AvgPoolSettings {
  const { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null } = options;
  return { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride };
}

/** Windows along each of `rank` dimensions, from settings that nobody looked at yet. */
export function poolAxes(op: string, rank: number, settings: MaxPoolSettings | AvgPoolSettings): Axis[] {
  const kernel = perDimension(op, "kernelSize", settings.kernelSize, rank, 1);
  const stride = perDimension(op, "stride", settings.stride, rank, 1);
  const padding = perDimension(op, "padding", settings.padding, rank, 0);
  const dilation = "dilation" in settings ? perDimension(op, "dilation", settings.dilation, rank, 1) : kernel.map(() => 1);
  checkBoolean(op, "ceilMode", settings.ceilMode);
  if (padding.some((size, i) => 2 * size > (kernel[i] as number)))
    throw wrongValue(op, "padding of at most half the kernelSize", settings.padding);
  return kernel.map((size, i) => ({
    kernel: size,
    stride: stride[i] as number,
    dilation: dilation[i] as number,
    padding: padding[i] as number,
    paddingEnd: padding[i] as number,
  }));
}

/** Refuses what average pooling cannot divide by. */
export function checkDivision(op: string, { countIncludePad, divisorOverride }: AvgPoolSettings): void {
  checkBoolean(op, "countIncludePad", countIncludePad);
  if (divisorOverride === null) return;
  checkNumber(op, "divisorOverride", divisorOverride);
  if (!Number.isSafeInteger(divisorOverride) || divisorOverride === 0)
    throw wrongValue(op, "divisorOverride to be an integer other than 0", divisorOverride);
}

/** Max pooling over `rank` dimensions. */
export function maxPool(op: string, rank: number, input: Tensor, settings: MaxPoolSettings): Tensor {
  const axes = poolAxes(op, rank, settings);
  return pooled(op, rank, input, axes, settings.ceilMode, "max", (windows) => windows);
}

/** Average pooling over `rank` dimensions. */
export function avgPool(op: string, rank: number, input: Tensor, settings: AvgPoolSettings): Tensor {
  const axes = poolAxes(op, rank, settings);
  checkDivision(op, settings);
  const { ceilMode, countIncludePad, divisorOverride } = settings;
  return pooled(op, rank, input, axes, ceilMode, "sum", (sums, sizes, counts) => {
    return dividedBy(sums, divisorOverride ?? elementCounts(axes, sizes, counts, countIncludePad));
  });
}

/** The largest element of each window of `[N, C, elements, windows]`, which gets the gradient. */
export function largestOf(windows: Tensor): Tensor {
  return gather(windows, 2, windows.detach().argmax({ dim: 2, keepdim: true })).squeeze(2);
}

/** The sum of each window of `[N, C, elements, windows]` over the number of its elements: one for all, or one for each. */
export function meansOf(windows: Tensor, elements: number | readonly number[]): Tensor {
  return dividedBy(windows.sum({ dim: 2 }), elements);
}

/** Sums of windows, `[N, C, windows]`, over the number of their elements. */
function dividedBy(sums: Tensor, elements: number | readonly number[]): Tensor {
  return sums.div(typeof elements === "number" ? elements : constantsBeside(sums, sums.dtype, elements));
}

/** Every product of a number of each list, row-major; the first alone where all are the same. */
export function productsOf(lists: readonly (readonly number[])[]): number | readonly number[] {
  const products = lists.reduce<readonly number[]>((before, list) => before.flatMap((a) => list.map((b) => a * b)), [1]);
  return products.every((product) => product === products[0]) ? (products[0] as number) : products;
}

// --- internal helpers ---

function maxPoolOf(op: string, rank: number, input: Tensor, options: MaxPoolOptions): Tensor {
  const { kernelSize, ...rest } = optionsOf<MaxPoolOptions>(op, options, { kernelSize: "any", ...MAX_POOL });
  return maxPool(op, rank, input, maxPoolSettings(kernelSize as PerDimension, rest));
}

function avgPoolOf(op: string, rank: number, input: Tensor, options: DividedPoolOptions, kinds: OptionKinds<Rest<AvgPoolOptions>>): Tensor {
  const { kernelSize, ...rest } = optionsOf<AvgPoolOptions>(op, options, { kernelSize: "any", ...kinds });
  return avgPool(op, rank, input, avgPoolSettings(kernelSize as PerDimension, rest));
}

/**
 * Reduces the windows of the input to `[N, C, windows]`, has that finished, and gives it its shape. Where the device has no kernel for it, windows are
 * written out.
 */
function pooled(
  op: string,
  rank: number,
  input: Tensor,
  axes: readonly Axis[],
  ceilMode: boolean,
  kind: PoolOp,
  finish: (reduced: Tensor, sizes: Shape, counts: readonly number[]) => Tensor,
): Tensor {
  const x = checkImages(op, input, rank);
  const sizes = x.sizes.slice(-rank);
  const counts = axes.map((axis, i) => windowCount(sizes[i] as number, axis, ceilMode));
  const spec = windowSpec(op, sizes, axes, counts, [x.sizes], kind === "max" ? Number.NEGATIVE_INFINITY : 0);
  const isFused = pools(x.storage.device, x.dtype);
  return batchwise(x, rank, (images) => {
    const [n, c] = images.sizes as [number, number];
    const reduced = (): Tensor => {
      if (isFused) return pool(images, kind, spec).reshape([n, c, sizeOf(counts)]);
      const windows = unfoldWindows(images, spec).reshape([n, c, sizeOf(spec.kernel), sizeOf(counts)]);
      return kind === "max" ? largestOf(windows) : windows.sum({ dim: 2 });
    };
    return finish(reduced(), sizes, counts).reshape([n, c, ...counts]);
  });
}

/** How many elements each window has: one number where all have the same. */
function elementCounts(axes: readonly Axis[], sizes: Shape, counts: readonly number[], includePad: boolean): number | readonly number[] {
  const along = axes.map(({ kernel, stride, padding }, i) => {
    const size = sizes[i] as number;
    return Array.from({ length: counts[i] as number }, (_, window) => {
      const start = window * stride - padding;
      if (includePad) return Math.min(start + kernel, size + padding) - start;
      return Math.min(start + kernel, size) - Math.max(start, 0);
    });
  });
  return productsOf(along);
}
