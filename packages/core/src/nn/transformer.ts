import { composed } from "../autograd/scope";
import { raw } from "../errors/brand";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt } from "../random/draws";
import { resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import type { MultiheadAttention, MultiheadAttentionCall } from "./attention";
import type { AttentionPast } from "./attention-past";
import { checkParts } from "./check-parts";
import type { Dropout } from "./dropout";
import type { Linear } from "./linear";
import { Module } from "./module";
import type { LayerNorm } from "./normalization";
import { around, copied, type TransformerLayerOptions, transformerParts } from "./transformer-parts";

/** What a call of `TransformerEncoderLayer` may take. Masks are those of `MultiheadAttention`: true blocks. */
export interface EncoderLayerCall {
  /** `[positions, positions]` or `[batch * heads, positions, positions]`. Default: none. */
  readonly srcMask?: Tensor | null;
  /** `[batch, positions]`. Default: none. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** No position sees a later one. Default: false. */
  readonly isCausal?: boolean;
  /** Keys and values of earlier calls. Default: none. */
  readonly past?: AttentionPast | null;
}

/** What a call of `TransformerDecoderLayer` and `TransformerDecoder` may take. Masks are those of `MultiheadAttention`: true blocks. */
export interface DecoderCall {
  /** Between the target's positions. Default: none. */
  readonly tgtMask?: Tensor | null;
  /** Between the target's positions and those of the memory. Default: none. */
  readonly memoryMask?: Tensor | null;
  /** `[batch, positions]` of the target. Default: none. */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** `[batch, positions]` of the memory. Default: none. */
  readonly memoryKeyPaddingMask?: Tensor | null;
  /** No position of the target sees a later one of it. Default: false. */
  readonly tgtIsCausal?: boolean;
  /** The same for those of the memory. Default: false. */
  readonly memoryIsCausal?: boolean;
}

/**
 * Self-attention and a feed-forward part, each with a way around it, dropout and a norm. Mirrors
 * [torch.nn.TransformerEncoderLayer](https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html), with the names of its parameters.
 *
 * Four masks a call in training, in this order: attention weights, what attention gives, inside the feed-forward part, what that gives.
 *
 * @throws RangeError for sizes that are no positive integers or do not divide, and a dropout outside [0, 1]; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * console.log(layer.forward(rand([4, 6, 8]), { isCausal: true }).shape); // [ 4, 6, 8 ]
 * ```
 */
export class TransformerEncoderLayer extends Module {
  /** @internal */
  static override get name(): string {
    return "TransformerEncoderLayer";
  }

  /** Attention between all positions. */
  readonly self_attn: MultiheadAttention;
  /** The first product of the feed-forward part. */
  readonly linear1: Linear;
  /** Dropout inside the feed-forward part. */
  readonly dropout: Dropout;
  /** The second product of the feed-forward part. */
  readonly linear2: Linear;
  /** The norm of the attention. */
  readonly norm1: LayerNorm;
  /** The norm of the feed-forward part. */
  readonly norm2: LayerNorm;
  /** Dropout behind the attention. */
  readonly dropout1: Dropout;
  /** Dropout behind the feed-forward part. */
  readonly dropout2: Dropout;
  readonly #normFirst: boolean;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #options: SavedOptions;

  /**
   * @param dModel The last size of input and output.
   * @param nhead How many heads attention has.
   * @param options Default: 2048 between the products, dropout 0.1, ReLU, norms behind parts, positions first.
   */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super();
    const parts = transformerParts("TransformerEncoderLayer", dModel, nhead, options, 1);
    [this.self_attn] = parts.attentions as [MultiheadAttention];
    this.linear1 = parts.linear1;
    this.dropout = parts.dropout;
    this.linear2 = parts.linear2;
    [this.norm1, this.norm2] = parts.norms as [LayerNorm, LayerNorm];
    [this.dropout1, this.dropout2] = parts.dropouts as [Dropout, Dropout];
    this.#normFirst = parts.normFirst;
    this.#activation = parts.activation;
    this.#options = { dModel, nhead, ...options };
  }

  /**
   * The output, of the input's shape.
   *
   * @param src `[positions, batch, dModel]`, with `batchFirst` `[batch, positions, dModel]`, or without a batch `[positions, dModel]`.
   * @param call See `EncoderLayerCall`.
   * @throws As `MultiheadAttention`.
   */
  forward(src: Tensor, call?: EncoderLayerCall): Tensor {
    const self = raw(this);
    const {
      srcMask = null,
      srcKeyPaddingMask = null,
      isCausal = false,
      past = null,
    } = optionsOf<EncoderLayerCall>("TransformerEncoderLayer", call, ENCODER_LAYER_CALL);
    const masks = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal, past };
    const { self_attn, linear1, linear2, norm1, norm2, dropout, dropout1, dropout2 } = self;
    checkTensor("TransformerEncoderLayer", src);
    checkParts("TransformerEncoderLayer", self.training, { self_attn, linear1, linear2, norm1, norm2, dropout, dropout1, dropout2 });
    return attempt(resolveGenerator("TransformerEncoderLayer", self.#options.generator), () =>
      composed(() => {
        const h = around(src, norm1, dropout1, self.#normFirst, (x) => attended(self_attn, x, x, masks));
        return around(h, norm2, dropout2, self.#normFirst, (x) => feedForward(self, self.#activation, x));
      }),
    );
  }

  /**
   * A layer of its own with equal values, flags and probabilities; it draws nothing. What `copy.deepcopy` gives in PyTorch.
   *
   * @throws TypeError for a subclass, which has to write its own.
   */
  copy(): TransformerEncoderLayer {
    const self = raw(this);
    checkOwnCopy("TransformerEncoderLayer", self.constructor === TransformerEncoderLayer);
    const { dModel, nhead, ...options } = self.#options;
    return copied(self, options.generator, (backend) => new TransformerEncoderLayer(dModel, nhead, { ...options, backend }));
  }
}

/**
 * Self-attention, attention to a memory and a feed-forward part, each with a way around it, dropout and a norm. Mirrors
 * [torch.nn.TransformerDecoderLayer](https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html), with the names of its parameters.
 *
 * Six masks a call in training, in this order: for each of the two attentions its weights and what it gives, inside the feed-forward part, what that gives.
 *
 * @throws As `TransformerEncoderLayer`.
 * @example
 * ```ts
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const encoded = rand([4, 3, 8]);
 * console.log(layer.forward(rand([4, 6, 8]), encoded, { tgtIsCausal: true }).shape); // [ 4, 6, 8 ]
 * ```
 */
export class TransformerDecoderLayer extends Module {
  /** @internal */
  static override get name(): string {
    return "TransformerDecoderLayer";
  }

  /** Attention between all positions of the target. */
  readonly self_attn: MultiheadAttention;
  /** Attention to the memory. */
  readonly multihead_attn: MultiheadAttention;
  /** The first product of the feed-forward part. */
  readonly linear1: Linear;
  /** Dropout inside the feed-forward part. */
  readonly dropout: Dropout;
  /** The second product of the feed-forward part. */
  readonly linear2: Linear;
  /** The norm of the self-attention. */
  readonly norm1: LayerNorm;
  /** The norm of the attention to the memory. */
  readonly norm2: LayerNorm;
  /** The norm of the feed-forward part. */
  readonly norm3: LayerNorm;
  /** Dropout behind the self-attention. */
  readonly dropout1: Dropout;
  /** Dropout behind the attention to the memory. */
  readonly dropout2: Dropout;
  /** Dropout behind the feed-forward part. */
  readonly dropout3: Dropout;
  readonly #normFirst: boolean;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #options: SavedOptions;

  /**
   * @param dModel The last size of input, memory and output.
   * @param nhead How many heads each attention has.
   * @param options As for `TransformerEncoderLayer`.
   */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super();
    const parts = transformerParts("TransformerDecoderLayer", dModel, nhead, options, 2);
    [this.self_attn, this.multihead_attn] = parts.attentions as [MultiheadAttention, MultiheadAttention];
    this.linear1 = parts.linear1;
    this.dropout = parts.dropout;
    this.linear2 = parts.linear2;
    [this.norm1, this.norm2, this.norm3] = parts.norms as [LayerNorm, LayerNorm, LayerNorm];
    [this.dropout1, this.dropout2, this.dropout3] = parts.dropouts as [Dropout, Dropout, Dropout];
    this.#normFirst = parts.normFirst;
    this.#activation = parts.activation;
    this.#options = { dModel, nhead, ...options };
  }

  /**
   * The output, of the target's shape.
   *
   * @param tgt `[positions, batch, dModel]`, with `batchFirst` `[batch, positions, dModel]`, or without a batch `[positions, dModel]`.
   * @param memory The same with its own number of positions: what an encoder gave.
   * @param call See `DecoderCall`.
   * @throws As `MultiheadAttention`.
   */
  forward(tgt: Tensor, memory: Tensor, call?: DecoderCall): Tensor {
    const self = raw(this);
    const {
      tgtMask = null,
      memoryMask = null,
      tgtKeyPaddingMask = null,
      memoryKeyPaddingMask = null,
      tgtIsCausal = false,
      memoryIsCausal = false,
    } = optionsOf<DecoderCall>("TransformerDecoderLayer", call, DECODER_CALL);
    const own = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, isCausal: tgtIsCausal };
    const other = { attnMask: memoryMask, keyPaddingMask: memoryKeyPaddingMask, isCausal: memoryIsCausal };
    const { self_attn, multihead_attn, linear1, linear2, norm1, norm2, norm3, dropout, dropout1, dropout2, dropout3 } = self;
    const norms = { norm1, norm2, norm3 };
    checkTensor("TransformerDecoderLayer", tgt);
    checkParts("TransformerDecoderLayer", self.training, {
      self_attn,
      multihead_attn,
      linear1,
      linear2,
      ...norms,
      dropout,
      dropout1,
      dropout2,
      dropout3,
    });
    return attempt(resolveGenerator("TransformerDecoderLayer", self.#options.generator), () =>
      composed(() => {
        const h = around(tgt, norm1, dropout1, self.#normFirst, (x) => attended(self_attn, x, x, own));
        const g = around(h, norm2, dropout2, self.#normFirst, (x) => attended(multihead_attn, x, memory, other));
        return around(g, norm3, dropout3, self.#normFirst, (x) => feedForward(self, self.#activation, x));
      }),
    );
  }

  /**
   * A layer of its own with equal values, flags and probabilities; it draws nothing. What `copy.deepcopy` gives in PyTorch.
   *
   * @throws TypeError for a subclass, which has to write its own.
   */
  copy(): TransformerDecoderLayer {
    const self = raw(this);
    checkOwnCopy("TransformerDecoderLayer", self.constructor === TransformerDecoderLayer);
    const { dModel, nhead, ...options } = self.#options;
    return copied(self, options.generator, (backend) => new TransformerDecoderLayer(dModel, nhead, { ...options, backend }));
  }
}

// --- internal helpers ---

const ENCODER_LAYER_CALL: OptionKinds<EncoderLayerCall> = { srcMask: "any", srcKeyPaddingMask: "any", isCausal: "flag", past: "any" };

export const DECODER_CALL: OptionKinds<DecoderCall> = {
  tgtMask: "any",
  memoryMask: "any",
  tgtKeyPaddingMask: "any",
  memoryKeyPaddingMask: "any",
  tgtIsCausal: "flag",
  memoryIsCausal: "flag",
};

/** What a layer was made with. */
type SavedOptions = TransformerLayerOptions & { readonly dModel: number; readonly nhead: number };

function attended(attention: MultiheadAttention, x: Tensor, memory: Tensor, masks: MultiheadAttentionCall): Tensor {
  const [output] = [attention.forward(x, memory, memory, { ...masks, needWeights: false })].flat();
  return output as Tensor;
}

function feedForward(layer: TransformerEncoderLayer | TransformerDecoderLayer, activation: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return layer.linear2.forward(layer.dropout.forward(activation(layer.linear1.forward(x))));
}

function checkOwnCopy(name: string, isOwn: boolean): void {
  if (!isOwn) throw refusal("copy", `a ${name}`, "a subclass", "write its own copy(), which makes one with the same values");
}
