import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { checkInteger, optionsOf } from "../errors/options";
import { checkPaddingIdx, embedding } from "../functional/embedding";
import { attempt, drawRandn } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape, sizeOf } from "../shape/shape";
import { getDefaultBackend } from "../tensor/creation";
import { convert } from "../tensor/elements";
import { Tensor } from "../tensor/tensor";
import { layoutFrom } from "../tensor/transfer";
import { Module } from "./module";
import { Parameter } from "./parameter";

/** What an `Embedding` may be made with. */
export interface EmbeddingLayerOptions {
  /** A row that starts as zeros and gets no gradient; negative ones count from the end. Default: none. */
  readonly paddingIdx?: number | null;
  /** Where the weight lives. Default: the default backend. */
  readonly backend?: Backend;
  /** Where the initial values come from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * A table of vectors, one for each index; the layer of `functional.embedding`. Mirrors
 * [torch.nn.Embedding](https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html): the weight starts standard normal, float32, and takes
 * one host call of the generator.
 *
 * @throws RangeError for sizes that are no positive integers and a `paddingIdx` out of range, TypeError for options of a wrong type.
 * @example
 * ```ts
 * const words = new nn.Embedding(1000, 16, { paddingIdx: 0 });
 * console.log(words.forward(tensor(new Int32Array([4, 7, 0]))).shape); // [ 3, 16 ]
 * const head = new nn.Linear(16, 1000, { bias: false });
 * head.weight = words.weight; // shared: listed once by parameters(), saved under both names
 * ```
 */
export class Embedding extends Module {
  /** @internal */
  static override get name(): string {
    return "Embedding";
  }

  /** `[numEmbeddings, embeddingDim]`. */
  weight: Parameter;
  /** The row without a gradient, counted from the front; or null. */
  readonly paddingIdx: number | null;

  /**
   * @param numEmbeddings How many rows there are.
   * @param embeddingDim The size of each.
   * @param options Default: no `paddingIdx`, on the default backend, from the default generator.
   */
  constructor(
    /** How many rows there are. */
    readonly numEmbeddings: number,
    /** The size of each. */
    readonly embeddingDim: number,
    options?: EmbeddingLayerOptions,
  ) {
    super();
    const {
      paddingIdx = null,
      backend = getDefaultBackend(),
      generator: given,
    } = optionsOf<EmbeddingLayerOptions>("Embedding", options, { paddingIdx: "any", backend: "any", generator: "any" });
    checkInteger("Embedding", "numEmbeddings", numEmbeddings, 1);
    checkInteger("Embedding", "embeddingDim", embeddingDim, 1);
    const shape = checkShape("Embedding", [numEmbeddings, embeddingDim]);
    const padding = checkPaddingIdx("Embedding", paddingIdx, numEmbeddings);
    const device = deviceOf(backend, "Embedding");
    const generator = resolveGenerator("Embedding", given);
    this.weight = attempt(generator, () => {
      const data = new Tensor(
        layoutFrom(device, "float32", shape, () => {
          const values = convert("Embedding", drawRandn(generator, sizeOf(shape)), "float32");
          return padding === null ? values : values.fill(0, padding * embeddingDim, (padding + 1) * embeddingDim);
        }),
      );
      try {
        return new Parameter(data);
      } finally {
        data.dispose(); // the parameter holds the memory now
      }
    });
    this.paddingIdx = padding;
  }

  /** The rows that `index` names: int32 of any shape gives `[...index.shape, embeddingDim]`. @throws As `functional.embedding`. */
  forward(index: Tensor): Tensor {
    const { weight, paddingIdx } = this;
    return embedding(index, weight, { paddingIdx });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx } = this;
    return `${numEmbeddings}, ${embeddingDim}${paddingIdx === null ? "" : `, paddingIdx=${paddingIdx}`}`;
  }
}
