import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { raw } from "../errors/brand";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import {
  type ConvolutionPadding,
  checkGroups,
  convolution,
  convolutionAxes,
  transposedAxes,
  transposedConvolution,
} from "../functional/convolution";
import { checkPaddingMode, type PaddingMode, paddedImages } from "../functional/padding-mode";
import { type PerDimension, perDimension } from "../functional/windows";
import type { Generator } from "../random/generator";
import { sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import type { Parameter } from "./parameter";
import { uniformParameters } from "./uniform";

/** What a `Conv1d`, `Conv2d` or `Conv3d` layer may be made with. Numbers stand for every spatial dimension. */
export interface ConvolutionLayerOptions {
  /** Places from one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /** Padding on both sides, `"valid"` for none, or `"same"` for as much as keeps the size; needs a stride of 1. Default: 0. */
  readonly padding?: ConvolutionPadding;
  /** Places from one element of the kernel to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Parts that the channels are cut in, each convolved alone; divides both numbers of channels. Default: 1. */
  readonly groups?: number;
  /** Add a bias. Default: true. */
  readonly bias?: boolean;
  /** What stands in the padding. Default: "zeros". */
  readonly paddingMode?: PaddingMode;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where the initial values come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What a `ConvTranspose1d` or `ConvTranspose2d` layer may be made with. Numbers stand for every spatial dimension. */
export interface TransposedConvolutionLayerOptions extends Omit<ConvolutionLayerOptions, "padding" | "paddingMode"> {
  /** What the convolution in the other direction would have as its padding: so much is cut off on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Places added behind; smaller than the stride or the dilation. Default: 0. */
  readonly outputPadding?: PerDimension;
}

/** What all of them have. */
const SHARED: OptionKinds<Omit<ConvolutionLayerOptions, "paddingMode">> = {
  stride: "any",
  padding: "any",
  dilation: "any",
  groups: "any",
  bias: "flag",
  backend: "any",
  generator: "any",
};
const LAYER: OptionKinds<ConvolutionLayerOptions> = { ...SHARED, paddingMode: "any" };
const TRANSPOSED: OptionKinds<TransposedConvolutionLayerOptions> = { ...SHARED, outputPadding: "any" };

/** What the layers share: channels, the kernel's sizes and steps, and the parameters. */
abstract class AnyConvolution extends Module {
  /** Sizes of the kernel, one for each spatial dimension. */
  readonly kernelSize: readonly number[];
  /** Places from one window to the next, along each dimension. */
  readonly stride: readonly number[];
  /** Padding on both sides, along each dimension, or the word for it. */
  readonly padding: readonly number[] | "same" | "valid";
  /** Places from one element of the kernel to the next, along each dimension. */
  readonly dilation: readonly number[];
  /** Parts that the channels are cut in. */
  readonly groups: number;
  /** `[outChannels, inChannels / groups, ...kernelSize]`; of a transposed convolution `[inChannels, outChannels / groups, ...kernelSize]`. */
  readonly weight: Parameter;
  /** `[outChannels]`, or null. */
  readonly bias: Parameter | null;

  /** @internal Checks everything before it draws: a layer that is refused takes no call of the generator. */
  constructor(
    op: string,
    rank: number,
    /** Channels of the input. */
    readonly inChannels: number,
    /** Channels of the output. */
    readonly outChannels: number,
    kernelSize: unknown,
    options: Omit<ConvolutionLayerOptions, "paddingMode"> & { readonly outputPadding?: PerDimension },
    isTransposed: boolean,
  ) {
    super();
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1, bias = true, ...where } = options;
    checkInteger(op, "inChannels", inChannels, 1);
    checkInteger(op, "outChannels", outChannels, 1);
    this.kernelSize = perDimension(op, "kernelSize", kernelSize, rank, 1);
    const axes = isTransposed
      ? transposedAxes(op, rank, this.kernelSize, { stride, padding, dilation, outputPadding }).axes
      : convolutionAxes(op, rank, this.kernelSize, { stride, padding, dilation });
    this.stride = axes.map((axis) => axis.stride);
    this.padding = typeof padding === "string" ? padding : axes.map((axis) => axis.padding);
    this.dilation = axes.map((axis) => axis.dilation);
    this.groups = checkGroups(op, groups);
    for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
      if (channels % groups !== 0) throw wrongValue(op, `${name} to be a multiple of groups = ${groups}`, channels);
    }
    const [first, second] = isTransposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const shape = [first, second, ...this.kernelSize];
    const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    const [weight, offset = null] = uniformParameters(op, bias ? [shape, [outChannels]] : [shape], bound, where);
    this.weight = weight as Parameter;
    this.bias = offset;
  }
}

/** What `Conv1d`, `Conv2d` and `Conv3d` do. */
abstract class Convolution extends AnyConvolution {
  /** What stands in the padding. */
  readonly paddingMode: PaddingMode;
  readonly #rank: number;

  /** @internal */
  constructor(
    op: string,
    rank: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerDimension,
    options: ConvolutionLayerOptions | undefined,
  ) {
    const { paddingMode = "zeros", ...rest } = optionsOf<ConvolutionLayerOptions>(op, options, LAYER);
    checkPaddingMode(op, paddingMode);
    super(op, rank, inChannels, outChannels, kernelSize, rest, false);
    this.paddingMode = paddingMode;
    this.#rank = rank;
  }

  /**
   * The output for an input.
   *
   * @param input `[N, inChannels, ...]` with as many spatial dimensions as the layer's name says, or the same without N.
   * @returns `[N, outChannels, ...]`, or without N.
   * @throws ShapeError for other shapes, and for an input that is smaller than the kernel.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { stride, padding, dilation, groups, paddingMode, weight, bias } = self;
    const rank = self.#rank;
    const op = `conv${rank}d`;
    checkPaddingMode(op, paddingMode);
    if (paddingMode === "zeros") return convolution(op, rank, input, weight, bias, { stride, padding, dilation, groups });
    const kernel = perDimension(op, "kernelSize", self.kernelSize, rank, 1);
    const axes = convolutionAxes(op, rank, kernel, { stride, padding, dilation });
    return composed(() => {
      const padded = paddedImages(op, input, axes, paddingMode);
      return convolution(op, rank, padded, weight, bias, { stride, padding: 0, dilation, groups });
    });
  }

  /** The options, for `toString()`: those that PyTorch shows. */
  protected override extraRepr(): string {
    return [...reprOf(this), ...(this.paddingMode === "zeros" ? [] : [`paddingMode=${this.paddingMode}`])].join(", ");
  }
}

/** What `ConvTranspose1d` and `ConvTranspose2d` do. */
abstract class TransposedConvolution extends AnyConvolution {
  /** Places added behind, along each dimension. */
  readonly outputPadding: readonly number[];
  readonly #rank: number;

  /** @internal */
  constructor(
    op: string,
    rank: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerDimension,
    options: TransposedConvolutionLayerOptions | undefined,
  ) {
    const given = optionsOf<TransposedConvolutionLayerOptions>(op, options, TRANSPOSED);
    super(op, rank, inChannels, outChannels, kernelSize, given, true);
    this.outputPadding = perDimension(op, "outputPadding", given.outputPadding ?? 0, rank, 0);
    this.#rank = rank;
  }

  /**
   * The output for an input.
   *
   * @param input `[N, inChannels, ...]` with as many spatial dimensions as the layer's name says, or the same without N.
   * @returns `[N, outChannels, ...]`, or without N.
   * @throws ShapeError for other shapes.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { stride, padding, outputPadding, dilation, groups, weight, bias } = self;
    const settings = { stride, padding: padding as readonly number[], outputPadding, dilation, groups };
    return transposedConvolution(`convTranspose${self.#rank}d`, self.#rank, input, weight, bias, settings);
  }

  /** The options, for `toString()`: those that PyTorch shows. */
  protected override extraRepr(): string {
    return reprOf(this, this.outputPadding).join(", ");
  }
}

/**
 * Convolution over one dimension. Mirrors [torch.nn.Conv1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html): weight and bias start
 * uniform in ±1 / sqrt(inChannels / groups * kernel), float32, and take one host call each, weight first. It computes `functional.conv1d`.
 *
 * @throws RangeError for sizes that are no positive integers, for numbers of channels that `groups` does not divide and for options out of range; TypeError
 *   for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.Conv1d(3, 8, 5, { padding: "same" });
 * console.log(layer.forward(ones([2, 3, 100])).shape); // [ 2, 8, 100 ]
 * ```
 */
export class Conv1d extends Convolution {
  /** @internal */
  static override get name(): string {
    return "Conv1d";
  }

  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize Size of the kernel.
   * @param options Default: stride 1, no padding, dilation 1, one group, with a bias, on the default backend, from the default generator.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options?: ConvolutionLayerOptions) {
    super("Conv1d", 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over two dimensions. Mirrors [torch.nn.Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html): weight and bias start
 * uniform in ±1 / sqrt(inChannels / groups * kernelH * kernelW), float32, and take one host call each, weight first. It computes `functional.conv2d`.
 *
 * @throws As `Conv1d`.
 * @example
 * ```ts
 * const layer = new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 });
 * console.log(layer.forward(ones([4, 3, 32, 32])).shape); // [ 4, 8, 16, 16 ]
 * console.log(layer.weight.shape, layer.bias?.shape); // [ 8, 3, 3, 3 ] [ 8 ]
 * ```
 */
export class Conv2d extends Convolution {
  /** @internal */
  static override get name(): string {
    return "Conv2d";
  }

  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize Sizes of the kernel: one number for both, or one for each.
   * @param options Default: stride 1, no padding, dilation 1, one group, with a bias, on the default backend, from the default generator.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options?: ConvolutionLayerOptions) {
    super("Conv2d", 2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over three dimensions; otherwise as `Conv2d`. Mirrors
 * [torch.nn.Conv3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html).
 *
 * @throws As `Conv1d`.
 */
export class Conv3d extends Convolution {
  /** @internal */
  static override get name(): string {
    return "Conv3d";
  }

  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize Sizes of the kernel: one number for all, or one for each dimension.
   * @param options Default: stride 1, no padding, dilation 1, one group, with a bias, on the default backend, from the default generator.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options?: ConvolutionLayerOptions) {
    super("Conv3d", 3, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over one dimension, which undoes the shape of `Conv1d`. Mirrors
 * [torch.nn.ConvTranspose1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html): weight and bias start uniform in
 * ±1 / sqrt(outChannels / groups * kernel), float32, and take one host call each, weight first. It computes `functional.convTranspose1d`.
 *
 * @throws RangeError for an outputPadding that is neither below the stride nor below the dilation; else as `Conv1d`.
 */
export class ConvTranspose1d extends TransposedConvolution {
  /** @internal */
  static override get name(): string {
    return "ConvTranspose1d";
  }

  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize Size of the kernel.
   * @param options Default: stride 1, no padding, dilation 1, one group, with a bias, on the default backend, from the default generator.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options?: TransposedConvolutionLayerOptions) {
    super("ConvTranspose1d", 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over two dimensions, which undoes the shape of `Conv2d`; otherwise as `ConvTranspose1d`. Mirrors
 * [torch.nn.ConvTranspose2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html).
 *
 * @throws As `ConvTranspose1d`.
 * @example
 * ```ts
 * const layer = new nn.ConvTranspose2d(8, 3, 3, { stride: 2, padding: 1, outputPadding: 1 });
 * console.log(layer.forward(ones([4, 8, 16, 16])).shape); // [ 4, 3, 32, 32 ]
 * ```
 */
export class ConvTranspose2d extends TransposedConvolution {
  /** @internal */
  static override get name(): string {
    return "ConvTranspose2d";
  }

  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize Sizes of the kernel: one number for both, or one for each.
   * @param options Default: stride 1, no padding, dilation 1, one group, with a bias, on the default backend, from the default generator.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options?: TransposedConvolutionLayerOptions) {
    super("ConvTranspose2d", 2, inChannels, outChannels, kernelSize, options);
  }
}

// --- internal helpers ---

/** What is always shown, and what is not as it would be by default. */
function reprOf(layer: AnyConvolution, outputPadding: readonly number[] = []): string[] {
  const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias } = layer;
  const differing = (name: string, values: readonly number[] | string, usual: number) => {
    if (typeof values === "string") return [`${name}=${values}`];
    return values.some((value) => value !== usual) ? [`${name}=[${values.join(", ")}]`] : [];
  };
  return [
    `${inChannels}, ${outChannels}, kernelSize=[${kernelSize.join(", ")}], stride=[${stride.join(", ")}]`,
    ...differing("padding", padding, 0),
    ...differing("dilation", dilation, 1),
    ...differing("outputPadding", outputPadding, 0),
    ...(groups === 1 ? [] : [`groups=${groups}`]),
    ...(bias === null ? ["bias=false"] : []),
  ];
}
