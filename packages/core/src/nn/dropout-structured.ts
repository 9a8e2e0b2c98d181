/** Dropout of larger pieces than elements and channels, as layers; what is dropped is told at the functions of the same names. */

import { checkBoolean, type OptionKinds } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { rateOptions } from "../functional/dropout-options";
import { dropPathWithMask, headDropoutWithMask, lockedDropoutWithMask, tokenDropoutWithMask } from "../functional/dropout-structured";
import { DropoutLayer, FEATURE_LAYER, type FeatureDropoutLayerOptions } from "./dropout";

/** What a `DropPath` layer is made with. */
export interface DropPathLayerOptions extends FeatureDropoutLayerOptions {
  /** What is dropped together: `"row"`, each sample for itself, or `"batch"`, all or none. Default: "row". */
  readonly mode?: "row" | "batch";
}

/** What a layer that drops pieces of sequences is made with. */
export interface SequenceDropoutLayerOptions extends FeatureDropoutLayerOptions {
  /** The first of three dimensions counts samples, not positions. Default: false. */
  readonly batchFirst?: boolean;
}

const DROP_PATH: OptionKinds<DropPathLayerOptions> = { ...FEATURE_LAYER, mode: "any" };
const SEQUENCE: OptionKinds<SequenceDropoutLayerOptions> = { ...FEATURE_LAYER, batchFirst: "flag" };

/**
 * Stochastic depth: drops whole samples of a residual branch while training; the layer of `functional.dropPath`. Mirrors
 * [torchvision.ops.StochasticDepth](https://docs.pytorch.org/vision/stable/generated/torchvision.ops.StochasticDepth.html).
 *
 * @throws As `Dropout`; RangeError for another mode.
 * @example
 * ```ts
 * manualSeed(0);
 * const [branch, drop] = [new nn.Linear(2, 2), new nn.DropPath(0.2)];
 * const x = ones([4, 2]);
 * console.log(x.add(drop.forward(branch.forward(x))).shape.join()); // 4,2
 * ```
 */
export class DropPath extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "DropPath";
  }

  /** What is dropped together. */
  readonly mode: "row" | "batch";

  /** @param options A lone number is `p`. Default: p = 0.5, by rows, the default generator. */
  constructor(options?: number | DropPathLayerOptions) {
    const { mode = "row", ...shared } = rateOptions("DropPath", options, DROP_PATH);
    super("DropPath", dropPathWithMask, shared);
    checkMode(mode);
    this.mode = mode;
  }

  /** @internal */
  protected override callOptions(): object {
    checkMode(this.mode);
    return { ...super.callOptions(), mode: this.mode };
  }
}

/** What layers of sequences share: where the samples are. */
abstract class SequenceDropout extends DropoutLayer {
  /** Whether the first of three dimensions counts samples. */
  readonly batchFirst: boolean;

  /** @internal */
  constructor(op: string, drop: typeof lockedDropoutWithMask, options: number | SequenceDropoutLayerOptions | undefined, p: number) {
    const { batchFirst = false, ...shared } = rateOptions(op, options, SEQUENCE);
    super(op, drop, { p, ...shared });
    checkBoolean(op, "batchFirst", batchFirst);
    this.batchFirst = batchFirst;
  }

  /** @internal */
  protected override callOptions(): object {
    checkBoolean(this.constructor.name, "batchFirst", this.batchFirst);
    return { ...super.callOptions(), batchFirst: this.batchFirst };
  }
}

/**
 * Variational dropout: one mask for all positions of a sequence while training; the layer of `functional.lockedDropout` (Gal and Ghahramani,
 * [2016](https://arxiv.org/abs/1512.05287)). Place it between recurrent layers.
 *
 * @throws As `Dropout`; ShapeError in `forward` for other ranks than 2 and 3.
 * @example
 * ```ts
 * manualSeed(2);
 * const layer = new nn.LockedDropout(0.5);
 * console.log(layer.forward(ones([3, 1, 4])).reshape([3, 4]).sum({ dim: 0 }).dataSync().join()); // 6,6,0,6
 * ```
 */
export class LockedDropout extends SequenceDropout {
  /** @internal */
  static override get name(): string {
    return "LockedDropout";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, positions first, the default generator. */
  constructor(options?: number | SequenceDropoutLayerOptions) {
    super("LockedDropout", lockedDropoutWithMask, options, 0.5);
  }
}

/**
 * Drops whole positions of a sequence while training; the layer of `functional.tokenDropout` (Iyyer et al., [2015](https://aclanthology.org/P15-1162/)).
 *
 * @throws As `Dropout`; ShapeError in `forward` for other ranks than 2 and 3.
 * @example
 * ```ts
 * manualSeed(2);
 * console.log(new nn.TokenDropout(0.5).forward(ones([4, 2])).dataSync().join()); // 2,2,2,2,0,0,2,2
 * ```
 */
export class TokenDropout extends SequenceDropout {
  /** @internal */
  static override get name(): string {
    return "TokenDropout";
  }

  /** @param options A lone number is `p`. Default: p = 0.3, positions first, the default generator. */
  constructor(options?: number | SequenceDropoutLayerOptions) {
    super("TokenDropout", tokenDropoutWithMask, options, 0.3);
  }
}

/**
 * Drops whole heads of attention while training; the layer of `functional.headDropout` (Zhou et al., [2020](https://arxiv.org/abs/2004.13342)).
 *
 * @throws As `Dropout`; ShapeError in `forward` for other ranks than 3 and 4.
 * @example
 * ```ts
 * manualSeed(0);
 * const heads = new nn.HeadDropout(0.5).forward(ones([1, 4, 2, 2]));
 * console.log(heads.sum({ dim: [2, 3] }).dataSync().join()); // 8,0,0,0
 * ```
 */
export class HeadDropout extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "HeadDropout";
  }

  /** @param options A lone number is `p`. Default: p = 0.2, the default generator. */
  constructor(options?: number | FeatureDropoutLayerOptions) {
    super("HeadDropout", headDropoutWithMask, { p: 0.2, ...rateOptions("HeadDropout", options, FEATURE_LAYER) });
  }
}

// --- internal helpers ---

function checkMode(mode: unknown): void {
  if (mode !== "row" && mode !== "batch") throw wrongValue("DropPath", 'mode "row" or "batch"', mode);
}
