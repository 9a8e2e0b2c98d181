import { composed } from "../autograd/scope";
import { raw } from "../errors/brand";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import type { AttentionPast } from "./attention-past";
import { checkParts } from "./check-parts";
import type { TensorModule } from "./containers";
import { Module } from "./module";
import { DECODER_CALL, type DecoderCall, type TransformerDecoderLayer, type TransformerEncoderLayer } from "./transformer";
import { isModule } from "./tree";

/** What a stack may be made with. */
export interface TransformerStackOptions {
  /** The last layer of all, such as a `LayerNorm`; it is not copied. Default: none. */
  readonly norm?: TensorModule | null;
}

/** What a call of `TransformerEncoder` may take. Masks are those of `MultiheadAttention`: true blocks. */
export interface EncoderCall {
  /** `[positions, positions]` or `[batch * heads, positions, positions]`. Default: none. */
  readonly mask?: Tensor | null;
  /** `[batch, positions]`. Default: none. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** No position sees a later one. Default: false. */
  readonly isCausal?: boolean;
  /** Keys and values of earlier calls, one of them for each layer. Default: none. */
  readonly past?: readonly AttentionPast[] | null;
}

/**
 * Encoder layers one after the other. Mirrors [torch.nn.TransformerEncoder](https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html).
 *
 * As there, all of them are copies of the layer given, **with equal initial weights**, and that layer itself is not among them. Copies draw nothing.
 *
 * @throws TypeError for what is no layer, RangeError for a number that is no positive integer.
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const encoder = new nn.TransformerEncoder(layer, 3, { norm: new nn.LayerNorm(8) });
 * console.log(encoder.forward(rand([4, 6, 8])).shape, encoder.layers.length); // [ 4, 6, 8 ] 3
 * ```
 */
export class TransformerEncoder extends Module {
  /** @internal */
  static override get name(): string {
    return "TransformerEncoder";
  }

  /** The copies. */
  readonly layers: readonly TransformerEncoderLayer[];
  /** The last layer of all, or null. */
  readonly norm: TensorModule | null;

  /**
   * @param encoderLayer What is copied.
   * @param numLayers How often.
   * @param options Default: no norm.
   */
  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, options?: TransformerStackOptions) {
    super();
    const { layers, norm } = stack("TransformerEncoder", encoderLayer, numLayers, options);
    this.layers = layers;
    this.norm = norm;
  }

  /**
   * The output, of the input's shape.
   *
   * @param src What the first layer takes.
   * @param call See `EncoderCall`.
   * @throws As the layers; RangeError for another number of `past` than of layers.
   */
  forward(src: Tensor, call?: EncoderCall): Tensor {
    const {
      mask = null,
      srcKeyPaddingMask = null,
      isCausal = false,
      past = null,
    } = optionsOf<EncoderCall>("TransformerEncoder", call, ENCODER_CALL);
    const count = layersOf("TransformerEncoder", this).length;
    if (past !== null && !Array.isArray(past)) throw wrongType("TransformerEncoder", "past to be an array or null", past);
    if (past !== null && past.length !== count) throw wrongValue("TransformerEncoder", `past for ${count} layers`, past.length);
    const options = { srcMask: mask, srcKeyPaddingMask, isCausal };
    return through("TransformerEncoder", this, src, (layer, x, i) => layer.forward(x, { ...options, past: past?.[i] ?? null }));
  }
}

/**
 * Decoder layers one after the other. Mirrors [torch.nn.TransformerDecoder](https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html); its
 * layers are copies as in `TransformerEncoder`.
 *
 * @throws As `TransformerEncoder`.
 */
export class TransformerDecoder extends Module {
  /** @internal */
  static override get name(): string {
    return "TransformerDecoder";
  }

  /** The copies. */
  readonly layers: readonly TransformerDecoderLayer[];
  /** The last layer of all, or null. */
  readonly norm: TensorModule | null;

  /**
   * @param decoderLayer What is copied.
   * @param numLayers How often.
   * @param options Default: no norm.
   */
  constructor(decoderLayer: TransformerDecoderLayer, numLayers: number, options?: TransformerStackOptions) {
    super();
    const { layers, norm } = stack("TransformerDecoder", decoderLayer, numLayers, options);
    this.layers = layers;
    this.norm = norm;
  }

  /**
   * The output, of the target's shape.
   *
   * @param tgt What the first layer takes.
   * @param memory What an encoder gave.
   * @param call See `DecoderCall`.
   * @throws As the layers.
   */
  forward(tgt: Tensor, memory: Tensor, call?: DecoderCall): Tensor {
    const options = optionsOf<DecoderCall>("TransformerDecoder", call, DECODER_CALL);
    return through("TransformerDecoder", this, tgt, (layer, x) => layer.forward(x, memory, options));
  }
}

// --- internal helpers ---

/** More of them are a mistake, and would only be noticed when memory ends. */
const MOST_LAYERS = 10_000;

const ENCODER_CALL: OptionKinds<EncoderCall> = { mask: "any", srcKeyPaddingMask: "any", isCausal: "flag", past: "any" };

function stack<L extends { copy(): L }>(
  op: string,
  layer: L,
  count: number,
  options: TransformerStackOptions | undefined,
): { layers: L[]; norm: TensorModule | null } {
  const { norm = null } = optionsOf<TransformerStackOptions>(op, options, { norm: "any" });
  if (!isModule(layer) || typeof layer.copy !== "function") throw wrongType(op, "a layer that has copy()", layer);
  checkInteger(op, "numLayers", count, 1);
  if (count > MOST_LAYERS) throw wrongValue(op, `numLayers of at most ${MOST_LAYERS}`, count);
  if (norm !== null && !isModule(norm)) throw wrongType(op, "norm to be a module or null", norm);
  return { layers: Array.from({ length: count }, () => layer.copy()), norm };
}

function layersOf<L>(op: string, stack: { readonly layers: readonly L[] }): readonly L[] {
  const { layers } = raw(stack);
  if (!Array.isArray(layers)) throw wrongType(op, "layers to be an array", layers);
  if (layers.length > MOST_LAYERS) throw wrongValue(op, `at most ${MOST_LAYERS} layers`, layers.length);
  return layers;
}

/** The output of all layers in order, and of the norm. */
function through<L extends Module>(
  op: string,
  stack: Module & { readonly layers: readonly L[]; readonly norm: TensorModule | null },
  input: Tensor,
  call: (layer: L, x: Tensor, i: number) => Tensor,
): Tensor {
  const { norm } = raw(stack);
  const layers = layersOf(op, stack);
  checkTensor(op, input);
  checkParts(op, stack.training, { ...layers, ...(norm === null ? {} : { norm }) });
  return composed(() => {
    const output = layers.reduce((x, layer, i) => call(layer, x, i), input);
    return norm === null ? output : norm.forward(output);
  });
}
