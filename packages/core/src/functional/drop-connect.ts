import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { OptionKinds } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { checkLinear, linear } from "../ops/matmul";
import { attempt } from "../random/draws";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { dropWeights } from "./drawn-key";
import type { Dropped } from "./dropout";
import { checkOptions, rateOptions, WEIGHT_DROPOUT, type WeightDropoutOptions } from "./dropout-options";
import { embedding } from "./embedding";

/** Options of `dropConnect`. */
export interface DropConnectOptions extends WeightDropoutOptions {
  /** `[out]`. Default: none. */
  readonly bias?: Tensor | null;
}

/** Options of `embeddingDropout`. */
export interface EmbeddingDropoutOptions extends WeightDropoutOptions {
  /** A row that gets no gradient; negative ones count from the end. Default: none. */
  readonly paddingIdx?: number | null;
}

const DROP_CONNECT: OptionKinds<DropConnectOptions> = { ...WEIGHT_DROPOUT, bias: "any" };
const EMBEDDING_DROPOUT: OptionKinds<EmbeddingDropoutOptions> = { ...WEIGHT_DROPOUT, paddingIdx: "any" };

/**
 * `linear` with weights of which each is dropped (DropConnect, Wan et al., [2013](https://proceedings.mlr.press/v28/wan13.html)), once for all rows of the input, and
 * those kept scaled by `1 / (1 - p)`. For the weights of any module there is `nn.WeightDrop`. PyTorch has no such function.
 *
 * @param input `[..., in]`.
 * @param weight `[out, in]`; float32 or float64.
 * @param options `p` (default 0.5, the paper's), `training` (default true), `generator`; `bias`, which is not dropped.
 * @returns `[..., out]`.
 * @throws As `linear` and `dropout`.
 * @example
 * ```ts
 * manualSeed(2);
 * const weight = ones([2, 4]);
 * console.log(F.dropConnect(ones([1, 4]), weight, 0.5).dataSync().join()); // 6,4
 * console.log(F.dropConnect(ones([1, 4]), weight, { training: false }).dataSync().join()); // 4,4
 * ```
 */
export function dropConnect(input: Tensor, weight: Tensor, options: number | DropConnectOptions = {}): Tensor {
  const { bias = null, ...own } = rateOptions<DropConnectOptions>("dropConnect", options, DROP_CONNECT);
  const [x, weights, offsets] = checkLinear("dropConnect", input, weight, bias);
  checkInputs("dropConnect", offsets === undefined ? [x, weights] : [x, weights, offsets]);
  return usingDropped("dropConnect", weights, own, weights.sizes, (dropped) => linear(x, dropped, offsets)).output;
}

/**
 * `embedding` in which whole words are dropped, at all of their places at once (Gal and Ghahramani, [2016](https://arxiv.org/abs/1512.05287); AWD-LSTM, Merity et al.,
 * [2018](https://arxiv.org/abs/1708.02182)): a row of the table is zero, or scaled by `1 / (1 - p)`. PyTorch has no such function. AWD-LSTM's own, without a padding index, keeps
 * the gradient from the last row of the table, as `paddingIdx: -1` does here.
 *
 * @param index int32, any shape.
 * @param weight `[rows, features]`; float32 or float64.
 * @param options `p` (default 0.1, as in AWD-LSTM), `training` (default true), `generator`; `paddingIdx`, as in `embedding`.
 * @returns `[...index.shape, features]`.
 * @throws As `embedding` and `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * const [words, table] = [tensor(new Int32Array([0, 1, 2, 0])), ones([3, 2])];
 * console.log(F.embeddingDropout(words, table, 0.5).dataSync().join()); // 2,2,0,0,0,0,2,2
 * ```
 */
export function embeddingDropout(index: Tensor, weight: Tensor, options: number | EmbeddingDropoutOptions = {}): Tensor {
  return embeddingDropoutWithMask(index, weight, options).output;
}

/** The same, which also tells its mask. */
export function embeddingDropoutWithMask(index: Tensor, weight: Tensor, options: number | EmbeddingDropoutOptions): Dropped {
  const { paddingIdx = null, p = 0.1, ...own } = rateOptions<EmbeddingDropoutOptions>("embeddingDropout", options, EMBEDDING_DROPOUT);
  const table = checkTensor("embeddingDropout", weight, "weight");
  const words = table.sizes.map((size, i) => (i === 0 ? size : 1));
  return usingDropped("embeddingDropout", table, { p, ...own }, words, (dropped) => embedding(index, dropped, { paddingIdx }));
}

/** A weight with its elements, or the pieces that a mask of another shape has, dropped. */
export function droppedWeights(op: string, weight: Tensor, options: WeightDropoutOptions, shape = weight.sizes): Dropped {
  return dropWeights(checkOptions(op, weight, options, true, WEIGHT_DROPOUT), shape);
}

// --- internal helpers ---

/** What `use` makes of dropped weights. Where it fails, no call was taken. */
function usingDropped(op: string, weight: Tensor, options: WeightDropoutOptions, shape: Shape, use: (dropped: Tensor) => Tensor): Dropped {
  const checked = checkOptions(op, weight, options, true, WEIGHT_DROPOUT);
  let mask: Dropped["mask"] = null;
  const output = attempt(checked.generator, () =>
    composed(() => {
      const dropped = dropWeights(checked, shape);
      mask = dropped.mask;
      return use(dropped.output);
    }),
  );
  return { output, mask };
}
