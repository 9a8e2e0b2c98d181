import type { ConvolutionSpec } from "../backend/backend";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { convolve, convolveBack, convolves } from "../ops/convolution";
import { foldWindows, unfoldWindows } from "../ops/unfold";
import { formatShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { type Axis, batchwise, checkImages, checkTogether, type PerDimension, perDimension, windowCount, windowSpec } from "./windows";

/** Padding of a convolution: places on both sides, `"valid"` for none, or `"same"` for as many as keep the input's size. */
export type ConvolutionPadding = PerDimension | "same" | "valid";

/** What the convolutions take. Numbers stand for every spatial dimension. */
export interface ConvolutionOptions {
  /** `[outChannels]`. Default: none. */
  readonly bias?: Tensor | null;
  /** Places from one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /** Zeros on both sides, `"valid"` for none, or `"same"` for as many as keep the size: for an even kernel one more behind than before; needs a stride of 1. Default: 0. */
  readonly padding?: ConvolutionPadding;
  /** Places from one element of the kernel to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Parts that the channels are cut in, each convolved alone. Default: 1. */
  readonly groups?: number;
}

/** What the transposed convolutions take. Numbers stand for every spatial dimension. */
export interface TransposedConvolutionOptions extends Omit<ConvolutionOptions, "padding"> {
  /** What the convolution in the other direction would have as its padding: so much is cut off on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Places added behind; smaller than the stride or the dilation. Default: 0. */
  readonly outputPadding?: PerDimension;
}

/** Options of a convolution with every default filled in. */
export type ConvolutionSettings = Required<Omit<ConvolutionOptions, "bias">>;
/** The same for a transposed one. */
export type TransposedConvolutionSettings = Required<Omit<TransposedConvolutionOptions, "bias">>;

/**
 * Convolution over one dimension, the cross-correlation that networks call so. Mirrors
 * [torch.nn.functional.conv1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html).
 *
 * @param input `[N, C, L]`, or `[C, L]` without a batch.
 * @param weight `[outChannels, C / groups, kernel]`.
 * @param options `bias`: default none. `stride` and `dilation`: default 1. `padding`: default 0. `groups`: default 1.
 * @returns `[N, outChannels, L']`, or without N.
 * @throws ShapeError for sizes that do not fit, a kernel larger than the padded input among them; TypeError for integers; RangeError for options out of range.
 * @example
 * ```ts
 * const edges = F.conv1d(tensor([[1, 1, 5, 5]]), tensor([[[-1, 1]]]));
 * console.log(edges.dataSync().join()); // 0,4,0
 * ```
 */
export function conv1d(input: Tensor, weight: Tensor, options?: ConvolutionOptions): Tensor {
  return withDefaults("conv1d", 1, input, weight, options);
}

/**
 * Convolution over two dimensions. Mirrors [torch.nn.functional.conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html).
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param weight `[outChannels, C / groups, kernelH, kernelW]`.
 * @param options As for `conv1d`; arrays have a number for each dimension.
 * @returns `[N, outChannels, H', W']`, or without N.
 * @throws As `conv1d`.
 * @example
 * ```ts
 * const y = F.conv2d(ones([1, 3, 8, 8]), ones([4, 3, 3, 3]), { stride: 2, padding: 1 });
 * console.log(y.shape); // [ 1, 4, 4, 4 ]
 * ```
 */
export function conv2d(input: Tensor, weight: Tensor, options?: ConvolutionOptions): Tensor {
  return withDefaults("conv2d", 2, input, weight, options);
}

/**
 * Convolution over three dimensions. Mirrors [torch.nn.functional.conv3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html).
 *
 * @param input `[N, C, D, H, W]`, or `[C, D, H, W]` without a batch.
 * @param weight `[outChannels, C / groups, kernelD, kernelH, kernelW]`.
 * @param options As for `conv1d`; arrays have a number for each dimension.
 * @returns `[N, outChannels, D', H', W']`, or without N.
 * @throws As `conv1d`.
 */
export function conv3d(input: Tensor, weight: Tensor, options?: ConvolutionOptions): Tensor {
  return withDefaults("conv3d", 3, input, weight, options);
}

/**
 * The gradient of `conv1d` by its input, as a function of its own: spreads each element over a window. Mirrors
 * [torch.nn.functional.conv_transpose1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html).
 *
 * @param input `[N, C, L]`, or `[C, L]` without a batch.
 * @param weight `[C, outChannels / groups, kernel]`.
 * @param options `bias`: default none. `stride` and `dilation`: default 1. `padding` and `outputPadding`: default 0. `groups`: default 1.
 * @returns `[N, outChannels, (L - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1]`, or without N.
 * @throws RangeError for an outputPadding that is neither below the stride nor below the dilation; else as `conv1d`.
 * @example
 * ```ts
 * const y = F.convTranspose1d(tensor([[1, 2]]), tensor([[[1, 1]]]), { stride: 2 });
 * console.log(y.dataSync().join()); // 1,1,2,2
 * ```
 */
export function convTranspose1d(input: Tensor, weight: Tensor, options?: TransposedConvolutionOptions): Tensor {
  return transposedWithDefaults("convTranspose1d", 1, input, weight, options);
}

/**
 * The gradient of `conv2d` by its input, as a function of its own. Mirrors
 * [torch.nn.functional.conv_transpose2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html).
 *
 * @param input `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param weight `[C, outChannels / groups, kernelH, kernelW]`.
 * @param options As for `convTranspose1d`; arrays have a number for each dimension.
 * @returns `[N, outChannels, H', W']`, or without N.
 * @throws As `convTranspose1d`.
 */
export function convTranspose2d(input: Tensor, weight: Tensor, options?: TransposedConvolutionOptions): Tensor {
  return transposedWithDefaults("convTranspose2d", 2, input, weight, options);
}

/** Windows along each of `rank` dimensions, from settings that nobody looked at yet, for kernels of these sizes. */
export function convolutionAxes(
  op: string,
  rank: number,
  kernel: readonly number[],
  settings: { readonly stride: unknown; readonly padding: unknown; readonly dilation: unknown },
): Axis[] {
  const stride = perDimension(op, "stride", settings.stride, rank, 1);
  const dilation = perDimension(op, "dilation", settings.dilation, rank, 1);
  const { padding } = settings;
  if (padding === "same" && stride.some((step) => step !== 1)) throw wrongValue(op, 'a stride of 1 beside padding "same"', settings.stride);
  const sides =
    typeof padding === "string" ? sidesOf(op, padding, kernel, dilation) : bothSides(perDimension(op, "padding", padding, rank, 0));
  return kernel.map((size, i) => ({
    kernel: size,
    stride: stride[i] as number,
    dilation: dilation[i] as number,
    padding: sides[i]?.[0] as number,
    paddingEnd: sides[i]?.[1] as number,
  }));
}

/** The same for a transposed convolution, which takes no padding in words; and its outputPadding, which must not be as much as another window. */
export function transposedAxes(
  op: string,
  rank: number,
  kernel: readonly number[],
  settings: { readonly stride: unknown; readonly padding: unknown; readonly dilation: unknown; readonly outputPadding: unknown },
): { axes: Axis[]; outputPadding: readonly number[] } {
  const axes = convolutionAxes(op, rank, kernel, { ...settings, padding: perDimension(op, "padding", settings.padding, rank, 0) });
  const outputPadding = perDimension(op, "outputPadding", settings.outputPadding, rank, 0);
  const fits = axes.every(({ stride, dilation }, i) => (outputPadding[i] as number) < Math.max(stride, dilation));
  if (!fits) throw wrongValue(op, "outputPadding smaller than the stride or the dilation", settings.outputPadding);
  return { axes, outputPadding };
}

/** Refuses a number of groups that is no positive integer. */
export function checkGroups(op: string, groups: unknown): number {
  checkInteger(op, "groups", groups, 1);
  return groups;
}

/** A convolution over `rank` dimensions. Where the device has no kernel for it, windows become columns, and each group is a product of matrices. */
export function convolution(
  op: string,
  rank: number,
  input: Tensor,
  weights: Tensor,
  offsets: unknown,
  settings: ConvolutionSettings,
): Tensor {
  const { x, weight, bias, groups } = operands(op, rank, input, weights, offsets, settings.groups);
  const [outChannels, inGroup, ...kernel] = weight.sizes as [number, number, ...number[]];
  const channels = x.sizes.at(-rank - 1) as number;
  if (channels !== inGroup * groups || outChannels % groups !== 0) {
    throw misfit(op, x, weight, `[out, ${channels} / groups, ...kernel] with out a multiple of groups = ${groups}`);
  }
  checkBias(op, weight, bias, outChannels);
  const axes = convolutionAxes(op, rank, kernel, settings);
  const sizes = x.sizes.slice(-rank);
  const counts = axes.map((axis, i) => windowCount(sizes[i] as number, axis));
  const spec = windowSpec(op, sizes, axes, counts, [x.sizes, weight.sizes]);
  const isFused = convolvesAll(x, weight, bias, { ...spec, groups });
  return batchwise(x, rank, (images) => {
    if (isFused) return convolve(images, weight, bias, { ...spec, groups });
    const n = images.sizes[0] as number;
    const rows = inGroup * sizeOf(kernel);
    const columns = unfoldWindows(images, spec).reshape([n, groups, rows, sizeOf(counts)]);
    const out = weight.reshape([groups, outChannels / groups, rows]).matmul(columns);
    return withBias(out.reshape([n, outChannels, ...counts]), bias, rank);
  });
}

/** A transposed one: the product first, and its columns are folded. */
export function transposedConvolution(
  op: string,
  rank: number,
  input: Tensor,
  weights: Tensor,
  offsets: unknown,
  settings: TransposedConvolutionSettings,
): Tensor {
  const { x, weight, bias, groups } = operands(op, rank, input, weights, offsets, settings.groups);
  const [channels, outGroup, ...kernel] = weight.sizes as [number, number, ...number[]];
  if (channels !== x.sizes.at(-rank - 1) || channels % groups !== 0) {
    throw misfit(op, x, weight, `[${x.sizes.at(-rank - 1)}, out / groups, ...kernel] with the first size a multiple of groups = ${groups}`);
  }
  checkBias(op, weight, bias, outGroup * groups);
  const { axes, outputPadding } = transposedAxes(op, rank, kernel, settings);
  const counts = x.sizes.slice(-rank);
  const sizes = axes.map(({ kernel: size, stride, dilation, padding }, i) => {
    return ((counts[i] as number) - 1) * stride - 2 * padding + dilation * (size - 1) + (outputPadding[i] as number) + 1;
  });
  if (sizes.some((size) => size < 1)) {
    const detail = `expected an output with no size below 1, got ${formatShape(sizes)} for ${formatShape(x.sizes)} and ${formatShape(weight.sizes)} - use less padding`;
    throw new ShapeError(op, [x.sizes, weight.sizes], detail);
  }
  const spec = windowSpec(op, sizes, axes, counts, [x.sizes, weight.sizes]);
  const isFused = convolvesAll(x, weight, bias, { ...spec, groups });
  return batchwise(x, rank, (images) => {
    if (isFused) return convolveBack(images, weight, bias, { ...spec, groups }, sizes);
    const n = images.sizes[0] as number;
    const rows = outGroup * sizeOf(kernel);
    const matrices = weight.reshape([groups, channels / groups, rows]).transpose(1, 2);
    const columns = matrices.matmul(images.reshape([n, groups, channels / groups, sizeOf(counts)]));
    return withBias(foldWindows(columns.reshape([n, groups * rows, sizeOf(counts)]), spec, sizes), bias, rank);
  });
}

// --- internal helpers ---

const CONVOLUTION: OptionKinds<ConvolutionOptions> = { bias: "any", stride: "any", padding: "any", dilation: "any", groups: "any" };
const TRANSPOSED: OptionKinds<TransposedConvolutionOptions> = { ...CONVOLUTION, outputPadding: "any" };

function withDefaults(op: string, rank: number, input: Tensor, weight: Tensor, options: ConvolutionOptions | undefined): Tensor {
  const { bias = null, ...given } = optionsOf(op, options, CONVOLUTION);
  return convolution(op, rank, input, weight, bias, { stride: 1, padding: 0, dilation: 1, groups: 1, ...given });
}

function transposedWithDefaults(
  op: string,
  rank: number,
  input: Tensor,
  weight: Tensor,
  options: TransposedConvolutionOptions | undefined,
): Tensor {
  const { bias = null, ...given } = optionsOf(op, options, TRANSPOSED);
  const settings = { stride: 1, padding: 0, outputPadding: 0, dilation: 1, groups: 1, ...given };
  return transposedConvolution(op, rank, input, weight, bias, settings);
}

/** Padding in words: before and behind, for each dimension. */
function sidesOf(op: string, padding: string, kernel: readonly number[], dilation: readonly number[]): [number, number][] {
  if (padding !== "same" && padding !== "valid") throw wrongValue(op, 'padding to be integers, "same" or "valid"', padding);
  return kernel.map((size, i) => {
    const total = padding === "same" ? (dilation[i] as number) * (size - 1) : 0;
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

function bothSides(padding: readonly number[]): [number, number][] {
  return padding.map((size) => [size, size]);
}

/** The tensors of a convolution and its groups, each right in itself. */
function operands(op: string, rank: number, input: Tensor, weights: Tensor, offsets: unknown, groups: unknown) {
  const x = checkImages(op, input, rank);
  const weight = checkTensor(op, weights, "weight");
  const bias = offsets === null ? null : checkTensor(op, offsets, "bias");
  checkFloating(op, weight.dtype);
  if (bias !== null) checkFloating(op, bias.dtype);
  checkTogether(op, [x, weight, bias]);
  const count = checkGroups(op, groups);
  if (weight.sizes.length !== rank + 2 || weight.sizes.includes(0)) {
    throw misfit(op, x, weight, `${rank + 2} dimensions, none of size 0`);
  }
  return { x, weight, bias, groups: count };
}

function misfit(op: string, x: Tensor, weight: Tensor, expected: string): ShapeError {
  const detail = `expected a weight of ${expected}, got ${formatShape(weight.sizes)} for an input of ${formatShape(x.sizes)}`;
  return new ShapeError(op, [x.sizes, weight.sizes], detail);
}

function checkBias(op: string, weight: Tensor, bias: Tensor | null, channels: number): void {
  if (bias === null || (bias.sizes.length === 1 && bias.sizes[0] === channels)) return;
  const detail = `expected a bias of shape [${channels}], got ${formatShape(bias.sizes)} for a weight of ${formatShape(weight.sizes)}`;
  throw new ShapeError(op, [weight.sizes, bias.sizes], detail);
}

/** Whether the device convolves all of them itself; else windows are written out. */
function convolvesAll(x: Tensor, weight: Tensor, bias: Tensor | null, spec: ConvolutionSpec): boolean {
  const { device } = x.storage;
  return [x, weight, bias].every((operand) => operand === null || convolves(device, operand.dtype, spec));
}

function withBias(out: Tensor, bias: Tensor | null, rank: number): Tensor {
  return bias === null ? out : out.add(bias.reshape([bias.size, ...new Array<number>(rank).fill(1)]));
}
