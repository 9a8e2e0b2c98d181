import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { foldWindows, unfoldWindows } from "../ops/unfold";
import { formatShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { type Axis, batchwise, checkImages, type PerDimension, perDimension, windowCount, windowSpec } from "./windows";

/** What `unfold` takes. Numbers stand for both dimensions. */
export interface UnfoldOptions {
  /** Sizes of a window. */
  readonly kernelSize: PerDimension;
  /** Places from one element of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Zeros on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Places from one window to the next. Default: 1. */
  readonly stride?: PerDimension;
}

/** What `fold` takes. Numbers stand for both dimensions. */
export interface FoldOptions extends UnfoldOptions {
  /** Sizes of the images. */
  readonly outputSize: PerDimension;
}

/** Options of `unfold` with every default filled in. */
export type UnfoldSettings = Required<UnfoldOptions>;
/** The same for `fold`. */
export type FoldSettings = Required<FoldOptions>;

/** The options without those that a layer takes as arguments. */
export const UNFOLD: OptionKinds<Omit<UnfoldOptions, "kernelSize">> = { dilation: "any", padding: "any", stride: "any" };

/**
 * The windows of images as columns. Mirrors [torch.nn.functional.unfold](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html).
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param options `kernelSize`: has no default. `dilation` and `stride`: default 1. `padding`: default 0.
 * @returns `[N, C * kernelH * kernelW, windows]`, or without N.
 * @throws ShapeError for other shapes, and where no window fits; TypeError for integers, and without a kernelSize; RangeError for options out of range.
 * @example
 * ```ts
 * console.log(F.unfold(ones([1, 3, 5, 5]), { kernelSize: 3 }).shape); // [ 1, 27, 9 ]
 * ```
 */
export function unfold(input: Tensor, options: UnfoldOptions): Tensor {
  return unfoldWith("unfold", input, {
    ...DEFAULTS,
    ...optionsOf<UnfoldOptions>("unfold", options, { kernelSize: "any", ...UNFOLD }),
  } as UnfoldSettings);
}

/**
 * Adds up such columns to images, where windows overlap: the transpose of `unfold`. Mirrors
 * [torch.nn.functional.fold](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html).
 *
 * @param input `[N, C * kernelH * kernelW, windows]`, or without N.
 * @param options `outputSize`: sizes of the images; has no default, nor has `kernelSize`. `dilation` and `stride`: default 1. `padding`: default 0.
 * @returns `[N, C, H, W]`, or without N.
 * @throws ShapeError for a number of rows or columns that images of this size do not have; else as `unfold`.
 * @example
 * ```ts
 * const sums = F.fold(ones([1, 4, 4]), { outputSize: 3, kernelSize: 2 });
 * console.log(sums.dataSync().join()); // 1,2,1,2,4,2,1,2,1
 * ```
 */
export function fold(input: Tensor, options: FoldOptions): Tensor {
  return foldWith("fold", input, {
    ...DEFAULTS,
    ...optionsOf<FoldOptions>("fold", options, { outputSize: "any", kernelSize: "any", ...UNFOLD }),
  } as FoldSettings);
}

/** `unfold` under the name of a caller. */
export function unfoldWith(op: string, input: Tensor, settings: UnfoldSettings): Tensor {
  const x = checkImages(op, input, 2);
  const axes = unfoldAxes(op, settings);
  const sizes = x.sizes.slice(-2);
  const counts = axes.map((axis, i) => windowCount(sizes[i] as number, axis));
  const spec = windowSpec(op, sizes, axes, counts, [x.sizes]);
  return batchwise(x, 2, (images) => unfoldWindows(images, spec));
}

/** `fold` under the name of a caller. */
export function foldWith(op: string, input: Tensor, settings: FoldSettings): Tensor {
  const x = checkTensor(op, input);
  checkFloating(op, x.dtype);
  const axes = unfoldAxes(op, settings);
  const sizes = perDimension(op, "outputSize", settings.outputSize, 2, 1);
  const counts = axes.map((axis, i) => windowCount(sizes[i] as number, axis));
  const spec = windowSpec(op, sizes, axes, counts, [x.sizes, sizes]);
  const [rows, columns] = x.sizes.slice(-2) as [number, number];
  const each = sizeOf(spec.kernel);
  const hasRank = x.sizes.length === 2 || x.sizes.length === 3;
  if (!hasRank || rows === 0 || rows % each !== 0 || columns !== sizeOf(counts)) {
    const detail = `expected [N, C * ${each}, ${sizeOf(counts)}] or the same without N for images of ${formatShape(sizes)}, got ${formatShape(x.sizes)}`;
    throw new ShapeError(op, [x.sizes, sizes], detail);
  }
  return batchwise(x, 1, (windows) => foldWindows(windows, spec, sizes));
}

/** Windows along both dimensions, from settings that nobody looked at yet. */
export function unfoldAxes(op: string, settings: UnfoldSettings): Axis[] {
  const list = (name: keyof UnfoldSettings, min: number) => perDimension(op, name, settings[name], 2, min);
  const [kernel, dilation, padding, stride] = [list("kernelSize", 1), list("dilation", 1), list("padding", 0), list("stride", 1)];
  return kernel.map((size, i) => ({
    kernel: size,
    stride: stride[i] as number,
    dilation: dilation[i] as number,
    padding: padding[i] as number,
    paddingEnd: padding[i] as number,
  }));
}

// --- internal helpers ---

const DEFAULTS = { dilation: 1, padding: 0, stride: 1 };
