import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating, promote } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { minimum } from "../ops/arithmetic";
import { checkTensor } from "../ops/binary";
import { broadcastShapes, formatShape, normalizeDim, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { atLeast } from "./at-least";
import { checkAlike, checkReduction, type LossOptions, reduced } from "./losses-shared";
import { normOver } from "./norm";

/** Options of `cosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors. Default: 1. */
  readonly dim?: number;
  /** The least length that is divided by. Default: 1e-8. */
  readonly eps?: number;
}

/** Options of `cosineEmbeddingLoss` and `marginRankingLoss`. */
export interface MarginOptions extends LossOptions {
  /** What the difference must be before it costs nothing. Default: 0. */
  readonly margin?: number;
}

/** Options of `tripletMarginLoss`. */
export interface TripletMarginOptions extends LossOptions {
  /** How much farther the negative must be. Default: 1. */
  readonly margin?: number;
  /** The norm of distances. Default: 2. */
  readonly p?: number;
  /** Added to each difference. Default: 1e-6. */
  readonly eps?: number;
  /** Take the negative's distance from the positive where that is smaller. Default: false. */
  readonly swap?: boolean;
}

/** The options that these losses have. */
export const COSINE_SIMILARITY: OptionKinds<CosineSimilarityOptions> = { dim: "any", eps: "number" };
export const MARGIN: OptionKinds<MarginOptions> = { reduction: "any", margin: "number" };
export const TRIPLET_MARGIN: OptionKinds<TripletMarginOptions> = {
  reduction: "any",
  margin: "number",
  p: "number",
  eps: "number",
  swap: "flag",
};

/** Refuses a margin that no negative is beyond. */
export function checkTripletMargin(op: string, margin: number): void {
  if (!(margin > 0)) throw wrongValue(op, "margin above 0", margin);
}

/**
 * The cosine of the angle between vectors: their product over their lengths. Mirrors
 * [torch.nn.functional.cosine_similarity](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html).
 *
 * @param x1 Any shape with the dimension `dim`; float32 or float64.
 * @param x2 Of a shape that broadcasts with it.
 * @param options `dim`: default 1, of the shape that both broadcast to. `eps`: default 1e-8, the least length.
 * @returns The broadcast shape without `dim`.
 * @throws ShapeError for shapes that do not broadcast, RangeError for a dim that is not there, TypeError for integers.
 * @example
 * ```ts
 * console.log(F.cosineSimilarity(tensor([[1, 0]]), tensor([[3, 0], [0, 2]])).dataSync().join(" ")); // 1 0
 * ```
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options?: CosineSimilarityOptions): Tensor {
  const op = "cosineSimilarity";
  const { dim = 1, eps = 1e-8 } = optionsOf(op, options, COSINE_SIMILARITY);
  const a = checkTensor(op, x1);
  const b = checkTensor(op, x2);
  for (const x of [a, b]) checkFloating(op, x.dtype);
  checkInputs(op, [a, b]);
  const shape = broadcastShapes(op, a.sizes, b.sizes);
  const at = normalizeDim(op, dim, shape.length);
  const unit = (x: Tensor) => x.div(atLeast(normOver(x, 2, shape.length === 0 ? [] : [at], true), eps));
  return composed(() => {
    const product = unit(a.expand(shape)).mul(unit(b.expand(shape)));
    return shape.length === 0 ? product : product.sum({ dim: at });
  });
}

/**
 * 1 minus the cosine of pairs that belong together (target 1), and what the cosine of others (target -1) is above `margin`. Mirrors
 * [torch.nn.functional.cosine_embedding_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html).
 *
 * @param input1 `[N, D]` or `[D]`; float32 or float64.
 * @param input2 Of the same shape.
 * @param target 1 or -1 for each pair, `[N]` or `[]`; any dtype but bool.
 * @param options `margin`: default 0. `reduction`: default "mean".
 * @throws ShapeError for other shapes, else as for `mseLoss`.
 */
export function cosineEmbeddingLoss(input1: Tensor, input2: Tensor, target: Tensor, options?: MarginOptions): Tensor {
  const op = "cosineEmbeddingLoss";
  const { reduction = "mean", margin = 0 } = optionsOf(op, options, MARGIN);
  checkReduction(op, reduction);
  const [a, b] = checkAlike(op, ["the input", "the second input"] as const, [input1, input2]);
  const y = checkTensor(op, target, "the target");
  for (const x of [a, b]) checkFloating(op, x.dtype);
  const rank = a.sizes.length;
  if ((rank !== 1 && rank !== 2) || !sameShape(y.sizes, a.sizes.slice(0, -1))) {
    const detail = `expected inputs [N, D] and a target [N], or [D] and [], got ${formatShape(a.sizes)} and ${formatShape(y.sizes)}`;
    throw new ShapeError(op, [a.sizes, y.sizes], detail);
  }
  checkInputs(op, [a, y]);
  return composed(() => {
    const last = { dim: -1 };
    // PyTorch's bound here is added to the squares, and another one than that of cosineSimilarity.
    const lengths = a.mul(a).sum(last).add(1e-12).mul(b.mul(b).sum(last).add(1e-12)).sqrt();
    const cosine = a.mul(b).sum(last).div(lengths);
    const together = cosine.neg().add(1).where(y.eq(1), 0);
    const apart = cosine.sub(margin).clamp({ min: 0 }).where(y.eq(-1), 0);
    return reduced(op, together.add(apart), reduction);
  });
}

/**
 * What the first input lacks of being `margin` above the second (target 1), or below it (target -1). Mirrors
 * [torch.nn.functional.margin_ranking_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html).
 *
 * @param input1 Any shape; float32 or float64.
 * @param input2 Of the same shape.
 * @param target 1 or -1, of the same shape.
 * @param options `margin`: default 0. `reduction`: default "mean".
 * @throws As for `mseLoss`.
 */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, options?: MarginOptions): Tensor {
  const op = "marginRankingLoss";
  const { reduction = "mean", margin = 0 } = optionsOf(op, options, MARGIN);
  checkReduction(op, reduction);
  const [a, b, y] = checkAlike(op, ["the input", "the second input", "the target"] as const, [input1, input2, target]);
  checkFloating(op, promote(a.dtype, b.dtype));
  return composed(() => reduced(op, b.sub(a).mul(y).add(margin).clamp({ min: 0 }), reduction));
}

/**
 * What a negative example lacks of being `margin` farther from the anchor than the positive one. Mirrors
 * [torch.nn.functional.triplet_margin_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html).
 *
 * @param anchor `[N, D]` or `[D]`; float32 or float64.
 * @param positive Of the same shape.
 * @param negative Of the same shape.
 * @param options `margin`: default 1. `p`: default 2. `eps`: default 1e-6. `swap`: default false. `reduction`: default "mean".
 * @throws RangeError for a margin that is not above 0, ShapeError for scalars, else as for `mseLoss`.
 */
export function tripletMarginLoss(anchor: Tensor, positive: Tensor, negative: Tensor, options?: TripletMarginOptions): Tensor {
  const op = "tripletMarginLoss";
  const { reduction = "mean", margin = 1, p = 2, eps = 1e-6, swap = false } = optionsOf(op, options, TRIPLET_MARGIN);
  checkReduction(op, reduction);
  checkTripletMargin(op, margin);
  const [a, b, c] = checkAlike(op, ["the anchor", "the positive", "the negative"] as const, [anchor, positive, negative]);
  for (const x of [a, b, c]) checkFloating(op, x.dtype);
  const rank = a.sizes.length;
  if (rank === 0) throw new ShapeError(op, [a.sizes], "expected at least one dimension, got scalars");
  const distance = (x: Tensor, y: Tensor) => normOver(x.sub(y).add(eps), p, [rank - 1], false);
  return composed(() => {
    const near = distance(a, b);
    const far = distance(a, c);
    const farther = swap ? minimum(far, distance(b, c)) : far;
    return reduced(op, near.sub(farther).add(margin).clamp({ min: 0 }), reduction);
  });
}
