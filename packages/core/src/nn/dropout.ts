import { raw } from "../errors/brand";
import { checkBoolean, type OptionKinds } from "../errors/options";
import {
  alphaDropoutWithMask,
  type DropoutFunction,
  dropout1dWithMask,
  dropout2dWithMask,
  dropout3dWithMask,
  dropoutWithMask,
  featureAlphaDropoutWithMask,
} from "../functional/dropout";
import { checkNoiseShape, checkProbability, type NoiseShape, rateOptions } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { drawing } from "../random/drawing";
import { type Generator, resolveGenerator } from "../random/generator";
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
  /**
   * A shape that broadcasts to the input's; positions along its sizes of 1 share one decision, and -1 or null is the input's own size, such as a batch that
   * varies. Default: the input's shape.
   */
  readonly noiseShape?: NoiseShape;
}

/** The options that the layers have. */
export const FEATURE_LAYER: OptionKinds<FeatureDropoutLayerOptions> = { p: "any", inplace: "flag", generator: "any" };
const LAYER: OptionKinds<DropoutLayerOptions> = { ...FEATURE_LAYER, noiseShape: "any" };

/**
 * What the dropout layers share: the state that the functions in `functional` do without. That is p, inplace, the generator, the training
 * flag (from `Module`), and the key of the last mask. No mask is stored, and there is nothing to save or load.
 */
export abstract class DropoutLayer extends Module {
  /** Probability of being dropped. */
  p: number;
  /** Whether the input is overwritten. */
  inplace: boolean;
  readonly #generator: Generator | undefined;
  readonly #apply: DropoutFunction;
  readonly #op: string;
  #lastMask: MaskRecord | null = null;

  /** @internal */
  constructor(op: string, apply: DropoutFunction, { p = 0.5, inplace = false, generator }: FeatureDropoutLayerOptions) {
    super();
    checkProbability(op, p);
    this.p = p;
    this.inplace = inplace;
    this.#generator = generator === undefined ? undefined : resolveGenerator(op, generator);
    this.#apply = apply;
    this.#op = op;
  }

  /**
   * Drops while `training`; returns the input itself in eval mode. Every training call draws a fresh mask.
   *
   * @param input Of the shape that the function of the same name takes; float32 or float64.
   * @throws What that function throws.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { p, inplace, training } = self;
    // A schedule that ran out leaves undefined, which a function would take for "not given".
    checkProbability(self.#op, p);
    checkBoolean(self.#op, "inplace", inplace);
    checkBoolean(self.#op, "training", training);
    const { output, mask } = self.#apply(input, { p, inplace, training, ...self.callOptions() }, self.batchDim(input));
    if (!drawing.isReplay) self.#lastMask = mask;
    return output;
  }

  /**
   * The mask of the last forward in training, drawn again from its key: a bool tensor, true where kept, of the mask's own shape (which
   * broadcasts to the input's), on the input's backend. All true for p = 0, all false for p = 1.
   *
   * @returns null if the last forward was in eval mode, or there was none.
   */
  lastMask(): Tensor | null {
    const mask = raw(this).#lastMask;
    return mask === null ? null : drawMask(mask);
  }

  /** @internal Options that only some layers have. */
  protected callOptions(): { generator?: Generator; noiseShape?: NoiseShape } {
    return this.#generator === undefined ? {} : { generator: this.#generator };
  }

  /** @internal */
  protected override ownGenerator(): Generator | undefined {
    return this.#generator;
  }

  /** @internal The dimension that counts samples, where the function is to be told; below 0: there is none. */
  protected batchDim(_input: Tensor): number | undefined {
    return undefined;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `p=${this.p}, inplace=${this.inplace}`;
  }
}

/**
 * Zeroes elements with probability `p` while training and scales the rest by `1 / (1 - p)`; in eval mode it returns its input. For one seed the masks
 * are those of PyTorch on CUDA. Mirrors [torch.nn.Dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html); the
 * idea is by Srivastava et al., [2014](https://jmlr.org/papers/v15/srivastava14a.html).
 *
 * @throws RangeError for p outside [0, 1] or NaN; TypeError for options of a wrong type.
 * @example
 * ```ts
 * manualSeed(42);
 * const x = ones([8]);
 * const layer = new nn.Dropout({ p: 0.5 }); // or new nn.Dropout(0.5)
 * console.log(layer.forward(x).dataSync().join()); // 0,2,2,2,2,2,2,0
 * console.log(layer.eval().forward(x) === x); // true
 * ```
 */
export class Dropout extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "Dropout";
  }

  /** The mask's shape, when it is not the input's. */
  readonly noiseShape: NoiseShape | undefined;

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | DropoutLayerOptions) {
    const { noiseShape, ...shared } = rateOptions("Dropout", options, LAYER);
    super("Dropout", dropoutWithMask, shared);
    this.noiseShape = noiseShape === undefined ? undefined : checkNoiseShape("Dropout", noiseShape);
  }

  /** @internal */
  protected override callOptions(): { generator?: Generator; noiseShape?: NoiseShape } {
    return this.noiseShape === undefined ? super.callOptions() : { ...super.callOptions(), noiseShape: this.noiseShape };
  }
}

/**
 * Drops whole channels of (C, L) or (N, C, L) while training. Mirrors [torch.nn.Dropout1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html).
 *
 * @throws As `Dropout`; ShapeError in `forward` for other ranks.
 * @example
 * ```ts
 * manualSeed(0);
 * const layer = new nn.Dropout1d(0.5);
 * console.log(layer.forward(ones([3, 4])).sum({ dim: 1 }).dataSync().join()); // 8,0,0
 * ```
 */
export class Dropout1d extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "Dropout1d";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout1d", dropout1dWithMask, rateOptions("Dropout1d", options, FEATURE_LAYER));
  }
}

/**
 * Drops whole channels of (N, C, H, W) while training. Mirrors [torch.nn.Dropout2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html), whose rules
 * for other ranks are told at `functional.dropout2d`.
 *
 * @throws As `Dropout`; ShapeError in `forward` for fewer than 2 dimensions.
 * @example
 * ```ts
 * manualSeed(0);
 * const layer = new nn.Dropout2d({ p: 0.5 });
 * console.log(layer.forward(ones([1, 3, 2, 2])).sum({ dim: [2, 3] }).dataSync().join()); // 8,0,0
 * ```
 */
export class Dropout2d extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "Dropout2d";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout2d", dropout2dWithMask, rateOptions("Dropout2d", options, FEATURE_LAYER));
  }
}

/**
 * Drops whole channels of (N, C, D, H, W) or (C, D, H, W) while training. Mirrors
 * [torch.nn.Dropout3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html).
 *
 * @throws As `Dropout`.
 * @example
 * ```ts
 * const layer = new nn.Dropout3d({ p: 0.5 });
 * console.log(layer.forward(ones([3, 2, 2, 2])).shape); // [ 3, 2, 2, 2 ]
 * ```
 */
export class Dropout3d extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "Dropout3d";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("Dropout3d", dropout3dWithMask, rateOptions("Dropout3d", options, FEATURE_LAYER));
  }
}

/**
 * Dropout that keeps mean and variance, for networks of SELUs (Klambauer et al., [2017](https://arxiv.org/abs/1706.02515)). Mirrors
 * [torch.nn.AlphaDropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html), but that `inplace` works.
 *
 * @throws As `Dropout`.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(10, 20), new nn.SELU(), new nn.AlphaDropout(0.1));
 * console.log(String(model.eval().forward(ones([2, 10])).shape)); // 2,20
 * ```
 */
export class AlphaDropout extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "AlphaDropout";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("AlphaDropout", alphaDropoutWithMask, rateOptions("AlphaDropout", options, FEATURE_LAYER));
  }
}

/**
 * `AlphaDropout` of whole channels, of 2 or more dimensions (N, C, ...). Mirrors
 * [torch.nn.FeatureAlphaDropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html), but that `inplace` works.
 *
 * @throws As `Dropout`; ShapeError in `forward` for fewer than 2 dimensions.
 * @example
 * ```ts
 * manualSeed(0);
 * const layer = new nn.FeatureAlphaDropout(0.5);
 * console.log(String(layer.forward(zeros([1, 3, 2])).reshape([-1]))); // Tensor([0.7792, 0.7792, -0.7792, -0.7792, -0.7792, -0.7792], [6], float32, cpu)
 * ```
 */
export class FeatureAlphaDropout extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "FeatureAlphaDropout";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, not in place, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("FeatureAlphaDropout", featureAlphaDropoutWithMask, rateOptions("FeatureAlphaDropout", options, FEATURE_LAYER));
  }
}
