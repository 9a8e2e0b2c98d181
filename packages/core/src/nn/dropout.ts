import {
  alphaDropoutWithMask,
  type DropoutFunction,
  dropout1dWithMask,
  dropout2dWithMask,
  dropout3dWithMask,
  dropoutWithMask,
  featureAlphaDropoutWithMask,
} from "../functional/dropout";
import { checkBoolean, checkProbability, optionsOf } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Shape } from "../shape/shape";
import { checkShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** What a feature or alpha dropout layer is made with. */
export interface FeatureDropoutLayerOptions {
  /** Probability of being dropped, in [0, 1]. Default: 0.5. */
  readonly p?: number;
  /** Overwrite the input. Default: false. Works for all kinds; PyTorch ignores it for the alpha ones. */
  readonly inplace?: boolean;
  /** Where masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What a `Dropout` layer is made with. */
export interface DropoutLayerOptions extends FeatureDropoutLayerOptions {
  /** A shape that broadcasts to the input's; positions along its sizes of 1 share one decision. Default: the input's shape. */
  readonly noiseShape?: Shape;
}

/**
 * What the dropout layers share: the state that the functions in `functional` do without. That is p, inplace, the generator, the training
 * flag (from `Module`), and the key of the last mask. No mask is stored, and there is nothing to save or load.
 */
abstract class DropoutLayer extends Module {
  /** Probability of being dropped. */
  p: number;
  /** Whether the input is overwritten. */
  inplace: boolean;
  readonly #generator: Generator | undefined;
  readonly #apply: DropoutFunction;
  #lastMask: MaskRecord | null = null;

  constructor(op: string, apply: DropoutFunction, options: number | FeatureDropoutLayerOptions = {}) {
    super();
    const { p = 0.5, inplace = false, generator } = optionsOf(op, options);
    checkProbability(op, p);
    checkBoolean(op, "inplace", inplace);
    if (generator !== undefined) resolveGenerator(op, generator);
    this.p = p;
    this.inplace = inplace;
    this.#generator = generator;
    this.#apply = apply;
  }

  /** Drops while `training`; returns the input itself in eval mode. Every training call draws a fresh mask. */
  forward(input: Tensor): Tensor {
    const { p, inplace, training } = this;
    const { output, mask } = this.#apply(input, { p, inplace, training, ...this.callOptions() });
    this.#lastMask = mask;
    return output;
  }

  /**
   * The mask of the last forward in training, drawn again from its key: a bool tensor, true where kept, of the mask's own shape (which
   * broadcasts to the input's), on the input's backend. All true for p = 0, all false for p = 1.
   *
   * @returns null if the last forward was in eval mode, or there was none.
   */
  lastMask(): Tensor | null {
    return this.#lastMask === null ? null : drawMask(this.#lastMask);
  }

  /** Options that only some layers have. */
  protected callOptions(): { generator?: Generator; noiseShape?: Shape } {
    return this.#generator === undefined ? {} : { generator: this.#generator };
  }

  protected override extraRepr(): string {
    return `p=${this.p}, inplace=${this.inplace}`;
  }
}

/**
 * Zeroes elements with probability `p` while training and scales the rest by `1 / (1 - p)`. Mirrors `torch.nn.Dropout`; in eval mode it
 * returns its input. The same masks as PyTorch's on CUDA, for one seed.
 *
 * @throws RangeError for p outside [0, 1] or NaN.
 * @example
 * ```ts
 * const layer = new nn.Dropout({ p: 0.5 });   // or new nn.Dropout(0.5)
 * layer.forward(x);                           // a fresh mask
 * layer.eval().forward(x) === x;              // true
 * ```
 */
export class Dropout extends DropoutLayer {
  /** The mask's shape, when it is not the input's. */
  readonly noiseShape: Shape | undefined;

  constructor(options: number | DropoutLayerOptions = {}) {
    super("Dropout", dropoutWithMask, options);
    const noiseShape = typeof options === "number" ? undefined : options.noiseShape;
    if (noiseShape !== undefined) checkShape("Dropout", noiseShape);
    this.noiseShape = noiseShape;
  }

  protected override callOptions(): { generator?: Generator; noiseShape?: Shape } {
    return this.noiseShape === undefined ? super.callOptions() : { ...super.callOptions(), noiseShape: this.noiseShape };
  }
}

/** Drops whole channels of (C, L) or (N, C, L). Mirrors `torch.nn.Dropout1d`. */
export class Dropout1d extends DropoutLayer {
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout1d", dropout1dWithMask, options);
  }
}

/** Drops whole channels of (N, C, H, W). Mirrors `torch.nn.Dropout2d`, whose rules for other ranks are told at `functional.dropout2d`. */
export class Dropout2d extends DropoutLayer {
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout2d", dropout2dWithMask, options);
  }
}

/** Drops whole channels of (N, C, D, H, W) or (C, D, H, W). Mirrors `torch.nn.Dropout3d`. */
export class Dropout3d extends DropoutLayer {
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout3d", dropout3dWithMask, options);
  }
}

/** Dropout that keeps mean and variance, for networks of SELUs. Mirrors `torch.nn.AlphaDropout`, but that `inplace` works. */
export class AlphaDropout extends DropoutLayer {
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("AlphaDropout", alphaDropoutWithMask, options);
  }
}

/** `AlphaDropout` of whole channels. Mirrors `torch.nn.FeatureAlphaDropout`, but that `inplace` works. */
export class FeatureAlphaDropout extends DropoutLayer {
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("FeatureAlphaDropout", featureAlphaDropoutWithMask, options);
  }
}
