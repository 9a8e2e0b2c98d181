import { checkInteger, optionsOf } from "../errors/options";
import { type InterpolateOptions, type InterpolationMode, interpolate, pixelShuffle, readResize } from "../functional/interpolate";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/**
 * Resizes what comes after batch and channels; the layer of `functional.interpolate`. Mirrors
 * [torch.nn.Upsample](https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html).
 *
 * @throws RangeError for another mode, TypeError for options that do not go together.
 */
export class Upsample extends Module {
  /** @internal */
  static override get name(): string {
    return "Upsample";
  }

  /** The new sizes, or null. */
  readonly size: number | readonly number[] | null;
  /** By what sizes are multiplied, or null. */
  readonly scaleFactor: number | readonly number[] | null;
  /** How new elements are made. */
  readonly mode: InterpolationMode;
  /** The outermost elements stay where they are; null where none are mixed. */
  readonly alignCorners: boolean | null;

  /** @param options `size` or `scaleFactor`. `mode`: default "nearest". `alignCorners`: default false, and not for "nearest". */
  constructor(options: InterpolateOptions) {
    super();
    const kinds = { size: "any", scaleFactor: "any", mode: "any", alignCorners: "any" } as const;
    const { size, scaleFactor, mode, alignCorners } = readResize("Upsample", optionsOf<InterpolateOptions>("Upsample", options, kinds));
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
  }

  /** The resized `input`, `[N, C, ...]`. @throws As `functional.interpolate`. */
  forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners } = this;
    return interpolate(input, { size, scaleFactor, mode, alignCorners });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    return `${size === null ? `scaleFactor=${scaleFactor}` : `size=${size}`}, mode=${mode}`;
  }
}

/**
 * Turns channels into places; the layer of `functional.pixelShuffle`. Mirrors
 * [torch.nn.PixelShuffle](https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html).
 */
export class PixelShuffle extends Module {
  /** @internal */
  static override get name(): string {
    return "PixelShuffle";
  }

  /** @param upscaleFactor By how much height and width grow. @throws RangeError for what is no positive integer. */
  constructor(
    /** By how much height and width grow. */
    readonly upscaleFactor: number,
  ) {
    super();
    checkInteger("PixelShuffle", "upscaleFactor", upscaleFactor, 1);
  }

  /** The output for `input`, `[..., C r^2, H, W]`: `[..., C, H r, W r]`. @throws As `functional.pixelShuffle`. */
  forward(input: Tensor): Tensor {
    return pixelShuffle(input, { upscaleFactor: this.upscaleFactor });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `upscaleFactor=${this.upscaleFactor}`;
  }
}
