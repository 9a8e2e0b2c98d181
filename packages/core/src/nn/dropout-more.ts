/** The rest of the family as layers: what each does is told at the function of the same name. */
import { raw } from "../errors/brand";
import { checkInteger, type OptionKinds } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { type DropBlockOptions, dropBlock2dWithMask } from "../functional/drop-block";
import { embeddingDropoutWithMask } from "../functional/drop-connect";
import { rateOptions } from "../functional/dropout-options";
import { checkSamples, multiSampleDropout } from "../functional/multi-sample-dropout";
import { zoneoutWithMask } from "../functional/zoneout";
import type { Tensor } from "../tensor/tensor";
import { checkModule, type TensorModule } from "./containers";
import type { Embedding } from "./embedding";
import { MaskLayer, RATE, type RateOptions } from "./rate-layer";

/** What a `DropBlock2d` layer is made with. */
export interface DropBlockLayerOptions extends RateOptions {
  /** The side of the square that is dropped. Default: 7. */
  readonly blockSize?: number;
}

/** What a `MultiSampleDropout` layer is made with. */
export interface MultiSampleDropoutLayerOptions extends RateOptions {
  /** How many masks there are. Default: 8. */
  readonly samples?: number;
}

const DROP_BLOCK: OptionKinds<DropBlockLayerOptions> = { ...RATE, blockSize: "any" };
const MULTI_SAMPLE: OptionKinds<MultiSampleDropoutLayerOptions> = { ...RATE, samples: "any" };

/**
 * Drops whole squares of each channel while training; the layer of `functional.dropBlock2d`. Mirrors
 * [torchvision.ops.DropBlock2d](https://docs.pytorch.org/vision/stable/generated/torchvision.ops.DropBlock2d.html).
 *
 * @throws RangeError for p outside [0, 1] or a blockSize below 1; TypeError for options of a wrong type.
 * @example
 * ```ts
 * manualSeed(8);
 * const layer = new nn.DropBlock2d({ p: 0.3, blockSize: 2 });
 * console.log(layer.forward(ones([1, 1, 4, 4])).gt(0).type("int32").dataSync().join("")); // 1111110011001111
 * ```
 */
export class DropBlock2d extends MaskLayer {
  /** @internal */
  static override get name(): string {
    return "DropBlock2d";
  }

  /** The side of the square. */
  readonly blockSize: number;

  /** @param options A lone number is `p`. Default: p = 0.1, squares of 7, the default generator. */
  constructor(options?: number | DropBlockLayerOptions) {
    const { blockSize = 7, ...shared } = rateOptions<DropBlockLayerOptions>("DropBlock2d", options, DROP_BLOCK);
    super("DropBlock2d", 0.1, shared);
    checkInteger("DropBlock2d", "blockSize", blockSize, 1);
    this.blockSize = blockSize;
  }

  /**
   * Drops while `training`; returns the input itself in eval mode.
   *
   * @param input (N, C, H, W); float32 or float64.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    checkInteger("DropBlock2d", "blockSize", self.blockSize, 1);
    const options: DropBlockOptions = { ...self.callOptions(), blockSize: self.blockSize };
    const { output, mask } = dropBlock2dWithMask(input, options);
    self.remember(mask);
    return output;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${super.extraRepr()}, blockSize=${this.blockSize}`;
  }
}

/**
 * An embedding of which whole words are dropped while training (Gal and Ghahramani, [2016](https://arxiv.org/abs/1512.05287)); the layer of
 * `functional.embeddingDropout`.
 *
 * @throws RangeError for p outside [0, 1]; TypeError for what is no Embedding, or options of a wrong type.
 * @example
 * ```ts
 * const words = new nn.EmbeddingDropout(new nn.Embedding(100, 8), { p: 0.1 });
 * console.log(words.forward(tensor(new Int32Array([4, 7]))).shape.join(), words.lastMask()?.shape.join()); // 2,8 100,1
 * ```
 */
export class EmbeddingDropout extends MaskLayer {
  /** @internal */
  static override get name(): string {
    return "EmbeddingDropout";
  }

  /** The table, with its weight. */
  readonly embedding: Embedding;

  /**
   * @param embedding Whose rows are dropped.
   * @param options A lone number is `p`. Default: p = 0.1, the default generator.
   */
  constructor(embedding: Embedding, options?: number | RateOptions) {
    super("EmbeddingDropout", 0.1, rateOptions<RateOptions>("EmbeddingDropout", options, RATE));
    checkEmbedding(embedding);
    this.embedding = embedding;
  }

  /**
   * The rows that `index` names, some of them zeros while `training`.
   *
   * @param index int32, any shape.
   */
  forward(index: Tensor): Tensor {
    const self = raw(this);
    checkEmbedding(self.embedding);
    const { weight, paddingIdx } = self.embedding;
    const { output, mask } = embeddingDropoutWithMask(index, weight, { ...self.callOptions(), paddingIdx });
    self.remember(mask);
    return output;
  }
}

/**
 * Keeps units of a recurrent state as they were while training, and mixes old and new in eval mode; the layer of `functional.zoneout` (Krueger et al., [2017](https://arxiv.org/abs/1606.01305)). Each state has one of
 * its own.
 *
 * @throws RangeError for p outside [0, 1]; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const [cell, zoneout] = [new nn.GRUCell(4, 8), new nn.Zoneout(0.1)];
 * let h = zeros([2, 8]);
 * for (const x of [ones([2, 4]), ones([2, 4])]) h = zoneout.forward(h, cell.forward(x, h));
 * console.log(h.shape.join()); // 2,8
 * ```
 */
export class Zoneout extends MaskLayer {
  /** @internal */
  static override get name(): string {
    return "Zoneout";
  }

  /** @param options A lone number is `p`. Default: p = 0.5, the default generator. */
  constructor(options?: number | RateOptions) {
    super("Zoneout", 0.5, rateOptions<RateOptions>("Zoneout", options, RATE));
  }

  /**
   * The state that a step leaves.
   *
   * @param previous The state before the step.
   * @param next What the step made of it, of the same shape.
   */
  forward(previous: Tensor, next: Tensor): Tensor {
    const self = raw(this);
    const { output, mask } = zoneoutWithMask(previous, next, self.callOptions());
    self.remember(mask);
    return output;
  }
}

/**
 * The mean of what a head makes of its input under several masks while training; the layer of `functional.multiSampleDropout`
 * (Inoue, [2019](https://arxiv.org/abs/1905.09788)).
 *
 * @throws RangeError for p outside [0, 1] or samples below 1; TypeError for what is no module, or options of a wrong type.
 * @example
 * ```ts
 * const head = new nn.MultiSampleDropout(new nn.Linear(8, 3), { p: 0.5, samples: 4 });
 * console.log(head.forward(ones([2, 8])).shape.join()); // 2,3
 * ```
 */
export class MultiSampleDropout extends MaskLayer {
  /** @internal */
  static override get name(): string {
    return "MultiSampleDropout";
  }

  /** What is computed for each mask. */
  readonly head: TensorModule;
  /** How many masks there are. */
  readonly samples: number;

  /**
   * @param head Any module that takes and gives a tensor.
   * @param options A lone number is `p`. Default: p = 0.5, 8 samples, the default generator.
   */
  constructor(head: TensorModule, options?: number | MultiSampleDropoutLayerOptions) {
    const { samples = 8, ...shared } = rateOptions<MultiSampleDropoutLayerOptions>("MultiSampleDropout", options, MULTI_SAMPLE);
    super("MultiSampleDropout", 0.5, shared);
    checkModule("MultiSampleDropout", head, "as the head");
    checkSamples("MultiSampleDropout", samples);
    this.head = head;
    this.samples = samples;
  }

  /**
   * The mean over the masks while `training`, else what the head makes of the input itself.
   *
   * @param input Any shape that the head takes; float32 or float64.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { head, samples } = self;
    checkModule("MultiSampleDropout", head, "as the head");
    checkSamples("MultiSampleDropout", samples);
    return multiSampleDropout(input, (x) => head.forward(x), { ...self.callOptions(), samples });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${super.extraRepr()}, samples=${this.samples}`;
  }
}

// --- internal helpers ---

/** Refuses what has no table. */
function checkEmbedding(embedding: Embedding): void {
  checkModule("EmbeddingDropout", embedding, "as the embedding");
  if (!("weight" in embedding && "paddingIdx" in embedding)) {
    throw wrongType("EmbeddingDropout", "an nn.Embedding", embedding);
  }
}
