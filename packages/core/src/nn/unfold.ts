import { optionsOf } from "../errors/options";
import { type FoldOptions, foldWith, UNFOLD, type UnfoldOptions, unfoldAxes, unfoldWith } from "../functional/unfold";
import { type PerDimension, perDimension } from "../functional/windows";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { sizesRepr } from "./sizes-repr";

/** What an `Unfold` layer is made with beside the kernel's sizes. */
export type UnfoldLayerOptions = Omit<UnfoldOptions, "kernelSize">;
/** What a `Fold` layer is made with beside the sizes of images and kernel. */
export type FoldLayerOptions = Omit<FoldOptions, "kernelSize" | "outputSize">;

/** What both share. */
abstract class Windows extends Module {
  /** Sizes of a window. */
  readonly kernelSize: readonly number[];
  /** Places from one element of a window to the next. */
  readonly dilation: readonly number[];
  /** Zeros on both sides. */
  readonly padding: readonly number[];
  /** Places from one window to the next. */
  readonly stride: readonly number[];

  /** @internal */
  constructor(op: string, kernelSize: PerDimension, options: UnfoldLayerOptions | undefined) {
    super();
    const { dilation = 1, padding = 0, stride = 1 } = optionsOf<UnfoldLayerOptions>(op, options, UNFOLD);
    const axes = unfoldAxes(op, { kernelSize, dilation, padding, stride });
    this.kernelSize = axes.map((axis) => axis.kernel);
    this.dilation = axes.map((axis) => axis.dilation);
    this.padding = axes.map((axis) => axis.padding);
    this.stride = axes.map((axis) => axis.stride);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return sizesRepr({ kernelSize, dilation, padding, stride });
  }
}

/**
 * The windows of images as columns; the layer of `functional.unfold`. Mirrors
 * [torch.nn.Unfold](https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html).
 *
 * @throws TypeError and RangeError for options of a wrong type or out of range.
 */
export class Unfold extends Windows {
  /** @internal */
  static override get name(): string {
    return "Unfold";
  }

  /**
   * @param kernelSize Sizes of a window: one number for both, or one for each.
   * @param options `dilation` and `stride`: default 1. `padding`: default 0.
   */
  constructor(kernelSize: PerDimension, options?: UnfoldLayerOptions) {
    super("Unfold", kernelSize, options);
  }

  /**
   * The windows as columns.
   *
   * @param input `[N, C, H, W]`, or `[C, H, W]`.
   * @returns `[N, C * kernelH * kernelW, windows]`, or without N.
   * @throws As `functional.unfold`.
   */
  forward(input: Tensor): Tensor {
    const { kernelSize, dilation, padding, stride } = this;
    return unfoldWith("unfold", input, { kernelSize, dilation, padding, stride });
  }
}

/**
 * Adds up such columns to images; the layer of `functional.fold`. Mirrors
 * [torch.nn.Fold](https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html).
 *
 * @throws TypeError and RangeError for options of a wrong type or out of range.
 */
export class Fold extends Windows {
  /** @internal */
  static override get name(): string {
    return "Fold";
  }

  /** Sizes of the images. */
  readonly outputSize: readonly number[];

  /**
   * @param outputSize Sizes of the images: one number for both, or one for each.
   * @param kernelSize Sizes of a window.
   * @param options `dilation` and `stride`: default 1. `padding`: default 0.
   */
  constructor(outputSize: PerDimension, kernelSize: PerDimension, options?: FoldLayerOptions) {
    super("Fold", kernelSize, options);
    this.outputSize = perDimension("Fold", "outputSize", outputSize, 2, 1);
  }

  /**
   * The images.
   *
   * @param input `[N, C * kernelH * kernelW, windows]`, or without N.
   * @returns `[N, C, H, W]`, or without N.
   * @throws As `functional.fold`.
   */
  forward(input: Tensor): Tensor {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return foldWith("fold", input, { outputSize, kernelSize, dilation, padding, stride });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${sizesRepr({ outputSize: this.outputSize })}, ${super.extraRepr()}`;
  }
}
