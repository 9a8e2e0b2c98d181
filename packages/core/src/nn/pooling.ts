/** The functions of `functional/pooling` and `functional/adaptive-pooling` as layers. They have no parameters. */
import { raw } from "../errors/brand";
import { optionsOf } from "../errors/options";
import { type AdaptivePoolOptions, adaptiveAvgPool, adaptiveMaxPool, adaptiveSizes } from "../functional/adaptive-pooling";
import {
  AVG_POOL,
  type AvgPoolOptions,
  type AvgPoolSettings,
  avgPool,
  avgPoolSettings,
  checkDivision,
  DIVIDED_POOL,
  type DividedPoolOptions,
  MAX_POOL,
  type MaxPoolOptions,
  maxPool,
  maxPoolSettings,
  poolAxes,
} from "../functional/pooling";
import type { PerDimension } from "../functional/windows";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { sizesRepr } from "./sizes-repr";

/** What a max pooling layer is made with beside the kernel's sizes. */
export type MaxPoolLayerOptions = Omit<MaxPoolOptions, "kernelSize">;
/** What `AvgPool1d` is made with beside the kernel's size. */
export type AvgPoolLayerOptions = Omit<AvgPoolOptions, "kernelSize">;
/** What `AvgPool2d` and `AvgPool3d` are made with beside the kernel's sizes. */
export type DividedPoolLayerOptions = Omit<DividedPoolOptions, "kernelSize">;

/** What the max poolings do. */
abstract class MaxPool extends Module {
  /** Sizes of a window. */
  readonly kernelSize: readonly number[];
  /** Places from one window to the next. */
  readonly stride: readonly number[];
  /** Padding on both sides. */
  readonly padding: readonly number[];
  /** Places from one element of a window to the next. */
  readonly dilation: readonly number[];
  /** Whether a window that runs over the end is added. */
  readonly ceilMode: boolean;
  readonly #rank: number;

  /** @internal */
  constructor(op: string, rank: number, kernelSize: PerDimension, options: MaxPoolLayerOptions | undefined) {
    super();
    const settings = maxPoolSettings(kernelSize, optionsOf<MaxPoolLayerOptions>(op, options, MAX_POOL));
    const axes = poolAxes(op, rank, settings);
    this.kernelSize = axes.map((axis) => axis.kernel);
    this.stride = axes.map((axis) => axis.stride);
    this.padding = axes.map((axis) => axis.padding);
    this.dilation = axes.map((axis) => axis.dilation);
    this.ceilMode = settings.ceilMode;
    this.#rank = rank;
  }

  /**
   * The largest element of each window.
   *
   * @param input `[N, C, ...]` with as many spatial dimensions as the layer's name says, or the same without N.
   * @throws ShapeError for other shapes, and where no window fits; TypeError for integers.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { kernelSize, stride, padding, dilation, ceilMode } = self;
    return maxPool(`maxPool${self.#rank}d`, self.#rank, input, { kernelSize, stride, padding, dilation, ceilMode });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `${sizesRepr({ kernelSize, stride, padding, dilation })}, ceilMode=${ceilMode}`;
  }
}

/** What the average poolings do. */
abstract class AvgPool extends Module {
  /** Sizes of a window. */
  readonly kernelSize: readonly number[];
  /** Places from one window to the next. */
  readonly stride: readonly number[];
  /** Zeros on both sides. */
  readonly padding: readonly number[];
  /** Whether a window that runs over the end is added. */
  readonly ceilMode: boolean;
  /** Whether the zeros of the padding count in the mean. */
  readonly countIncludePad: boolean;
  /** What each sum is divided by in place of the number of elements; null: that number. */
  readonly divisorOverride: number | null;
  readonly #rank: number;

  /** @internal */
  constructor(op: string, rank: number, settings: AvgPoolSettings) {
    super();
    const axes = poolAxes(op, rank, settings);
    checkDivision(op, settings);
    this.kernelSize = axes.map((axis) => axis.kernel);
    this.stride = axes.map((axis) => axis.stride);
    this.padding = axes.map((axis) => axis.padding);
    this.ceilMode = settings.ceilMode;
    this.countIncludePad = settings.countIncludePad;
    this.divisorOverride = settings.divisorOverride;
    this.#rank = rank;
  }

  /**
   * The mean of each window.
   *
   * @param input `[N, C, ...]` with as many spatial dimensions as the layer's name says, or the same without N.
   * @throws ShapeError for other shapes, and where no window fits; TypeError for integers.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = self;
    const settings = { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride };
    return avgPool(`avgPool${self.#rank}d`, self.#rank, input, settings);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return sizesRepr({ kernelSize, stride, padding });
  }
}

/** What the adaptive poolings share. */
abstract class AdaptivePool extends Module {
  /** Sizes of the result; null keeps the input's. */
  readonly outputSize: readonly (number | null)[];

  /** @internal */
  constructor(op: string, rank: number, outputSize: AdaptivePoolOptions["outputSize"]) {
    super();
    this.outputSize = adaptiveSizes(op, outputSize, rank);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return sizesRepr({ outputSize: this.outputSize });
  }
}

/**
 * The largest element of each window; the layer of `functional.maxPool1d`. Mirrors
 * [torch.nn.MaxPool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html) without its `return_indices`.
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 */
export class MaxPool1d extends MaxPool {
  /** @internal */
  static override get name(): string {
    return "MaxPool1d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `dilation`: default 1. `ceilMode`: default false.
   */
  constructor(kernelSize: PerDimension, options?: MaxPoolLayerOptions) {
    super("MaxPool1d", 1, kernelSize, options);
  }
}

/**
 * The largest element of each window; the layer of `functional.maxPool2d`. Mirrors
 * [torch.nn.MaxPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html) without its `return_indices`.
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
 * console.log(layer.forward(ones([1, 8, 32, 32])).shape); // [ 1, 8, 16, 16 ]
 * ```
 */
export class MaxPool2d extends MaxPool {
  /** @internal */
  static override get name(): string {
    return "MaxPool2d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `dilation`: default 1. `ceilMode`: default false.
   */
  constructor(kernelSize: PerDimension, options?: MaxPoolLayerOptions) {
    super("MaxPool2d", 2, kernelSize, options);
  }
}

/**
 * The largest element of each window; the layer of `functional.maxPool3d`. Mirrors
 * [torch.nn.MaxPool3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html) without its `return_indices`.
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 */
export class MaxPool3d extends MaxPool {
  /** @internal */
  static override get name(): string {
    return "MaxPool3d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `dilation`: default 1. `ceilMode`: default false.
   */
  constructor(kernelSize: PerDimension, options?: MaxPoolLayerOptions) {
    super("MaxPool3d", 3, kernelSize, options);
  }
}

/**
 * The mean of each window; the layer of `functional.avgPool1d`. Mirrors
 * [torch.nn.AvgPool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html).
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 */
export class AvgPool1d extends AvgPool {
  /** @internal */
  static override get name(): string {
    return "AvgPool1d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `ceilMode`: default false. `countIncludePad`: default true.
   */
  constructor(kernelSize: PerDimension, options?: AvgPoolLayerOptions) {
    super("AvgPool1d", 1, avgPoolSettings(kernelSize, optionsOf<AvgPoolLayerOptions>("AvgPool1d", options, AVG_POOL)));
  }
}

/**
 * The mean of each window; the layer of `functional.avgPool2d`. Mirrors
 * [torch.nn.AvgPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html).
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.AvgPool2d(2);
 * console.log(layer.forward(ones([1, 8, 32, 32])).shape); // [ 1, 8, 16, 16 ]
 * ```
 */
export class AvgPool2d extends AvgPool {
  /** @internal */
  static override get name(): string {
    return "AvgPool2d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `ceilMode`: default false. `countIncludePad`: default true. `divisorOverride`: default null.
   */
  constructor(kernelSize: PerDimension, options?: DividedPoolLayerOptions) {
    super("AvgPool2d", 2, avgPoolSettings(kernelSize, optionsOf<DividedPoolLayerOptions>("AvgPool2d", options, DIVIDED_POOL)));
  }
}

/**
 * The mean of each window; the layer of `functional.avgPool3d`. Mirrors
 * [torch.nn.AvgPool3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html).
 *
 * @throws RangeError for options out of range, such as a padding of more than half the kernel; TypeError for options of a wrong type.
 */
export class AvgPool3d extends AvgPool {
  /** @internal */
  static override get name(): string {
    return "AvgPool3d";
  }

  /**
   * @param kernelSize Sizes of a window: one number, or one for each dimension.
   * @param options `stride`: default kernelSize. `padding`: default 0. `ceilMode`: default false. `countIncludePad`: default true. `divisorOverride`: default null.
   */
  constructor(kernelSize: PerDimension, options?: DividedPoolLayerOptions) {
    super("AvgPool3d", 3, avgPoolSettings(kernelSize, optionsOf<DividedPoolLayerOptions>("AvgPool3d", options, DIVIDED_POOL)));
  }
}

/**
 * The mean of windows that are as many as asked for; the layer of `functional.adaptiveAvgPool1d`. Mirrors
 * [torch.nn.AdaptiveAvgPool1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html).
 *
 * @throws RangeError for sizes below 1, TypeError for what is no size.
 */
export class AdaptiveAvgPool1d extends AdaptivePool {
  /** @internal */
  static override get name(): string {
    return "AdaptiveAvgPool1d";
  }

  /** @param outputSize The size of the result; null keeps the input's. */
  constructor(outputSize: AdaptivePoolOptions["outputSize"]) {
    super("AdaptiveAvgPool1d", 1, outputSize);
  }

  /**
   * The mean of each window.
   *
   * @param input `[N, C, L]`, or `[C, L]`.
   * @throws ShapeError for other shapes, TypeError for integers.
   */
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool("adaptiveAvgPool1d", 1, input, this.outputSize);
  }
}

/**
 * The mean of windows that are as many as asked for; the layer of `functional.adaptiveAvgPool2d`. Mirrors
 * [torch.nn.AdaptiveAvgPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html).
 *
 * @throws RangeError for sizes below 1, TypeError for what is no size.
 * @example
 * ```ts
 * const layer = new nn.AdaptiveAvgPool2d(1); // the mean of each channel
 * console.log(layer.forward(ones([4, 8, 7, 9])).shape); // [ 4, 8, 1, 1 ]
 * ```
 */
export class AdaptiveAvgPool2d extends AdaptivePool {
  /** @internal */
  static override get name(): string {
    return "AdaptiveAvgPool2d";
  }

  /** @param outputSize Sizes of the result: one number for both, or one for each; null keeps the input's. */
  constructor(outputSize: AdaptivePoolOptions["outputSize"]) {
    super("AdaptiveAvgPool2d", 2, outputSize);
  }

  /**
   * The mean of each window.
   *
   * @param input `[N, C, H, W]`, or `[C, H, W]`.
   * @throws ShapeError for other shapes, TypeError for integers.
   */
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool("adaptiveAvgPool2d", 2, input, this.outputSize);
  }
}

/**
 * The largest element of windows that are as many as asked for; the layer of `functional.adaptiveMaxPool2d`. Mirrors
 * [torch.nn.AdaptiveMaxPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html) without its `return_indices`.
 *
 * @throws RangeError for sizes below 1, TypeError for what is no size.
 */
export class AdaptiveMaxPool2d extends AdaptivePool {
  /** @internal */
  static override get name(): string {
    return "AdaptiveMaxPool2d";
  }

  /** @param outputSize Sizes of the result: one number for both, or one for each; null keeps the input's. */
  constructor(outputSize: AdaptivePoolOptions["outputSize"]) {
    super("AdaptiveMaxPool2d", 2, outputSize);
  }

  /**
   * The largest element of each window.
   *
   * @param input `[N, C, H, W]`, or `[C, H, W]`.
   * @throws ShapeError for other shapes, TypeError for integers.
   */
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool("adaptiveMaxPool2d", 2, input, this.outputSize);
  }
}
