/** More of the losses as modules. Shapes, dtypes and errors are those of the functions. */

import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import {
  checkEps,
  checkKlDivReduction,
  GAUSSIAN_NLL,
  type GaussianNllOptions,
  gaussianNllLoss,
  KL_DIV,
  type KlDivOptions,
  klDivLoss,
  POISSON_NLL,
  type PoissonNllOptions,
  poissonNllLoss,
} from "../functional/losses-distributions";
import {
  COSINE_SIMILARITY,
  type CosineSimilarityOptions,
  checkTripletMargin,
  cosineEmbeddingLoss,
  cosineSimilarity,
  MARGIN,
  type MarginOptions,
  marginRankingLoss,
  TRIPLET_MARGIN,
  type TripletMarginOptions,
  tripletMarginLoss,
} from "../functional/losses-pairs";
import type { Tensor } from "../tensor/tensor";
import { Loss } from "./losses";
import { Module } from "./module";

/**
 * The Kullback-Leibler divergence; the module of `functional.klDivLoss`. Mirrors
 * [torch.nn.KLDivLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html).
 */
export class KLDivLoss extends Loss<KlDivOptions> {
  /** @internal */
  static override get name(): string {
    return "KLDivLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: KlDivOptions) {
    super("KLDivLoss", options, KL_DIV, checkKlDivReduction);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logarithms of probabilities, any shape.
   * @param target Of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return klDivLoss(input, target, this.options);
  }
}

/**
 * Minus the logarithm of normal densities; the module of `functional.gaussianNllLoss`. Mirrors
 * [torch.nn.GaussianNLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html).
 */
export class GaussianNLLLoss extends Loss<GaussianNllOptions> {
  /** @internal */
  static override get name(): string {
    return "GaussianNLLLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: GaussianNllOptions) {
    super("GaussianNLLLoss", options, GAUSSIAN_NLL);
    checkEps("GaussianNLLLoss", this.options.eps ?? 1e-6);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Means, any shape.
   * @param target Of the input's shape.
   * @param variance Of the input's shape, or one for each row.
   */
  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(input, target, variance, this.options);
  }
}

/**
 * Minus the logarithm of Poisson probabilities; the module of `functional.poissonNllLoss`. Mirrors
 * [torch.nn.PoissonNLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html).
 */
export class PoissonNLLLoss extends Loss<PoissonNllOptions> {
  /** @internal */
  static override get name(): string {
    return "PoissonNLLLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: PoissonNllOptions) {
    super("PoissonNLLLoss", options, POISSON_NLL);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logarithms of rates, any shape, unless `logInput` is false.
   * @param target Counts, of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(input, target, this.options);
  }
}

/**
 * By the cosine of pairs; the module of `functional.cosineEmbeddingLoss`. Mirrors
 * [torch.nn.CosineEmbeddingLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html).
 */
export class CosineEmbeddingLoss extends Loss<MarginOptions> {
  /** @internal */
  static override get name(): string {
    return "CosineEmbeddingLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: MarginOptions) {
    super("CosineEmbeddingLoss", options, MARGIN);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input1 `[N, D]` or `[D]`.
   * @param input2 Of the same shape.
   * @param target 1 or -1 for each pair, `[N]` or `[]`.
   */
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, this.options);
  }
}

/**
 * By the order of pairs; the module of `functional.marginRankingLoss`. Mirrors
 * [torch.nn.MarginRankingLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html).
 */
export class MarginRankingLoss extends Loss<MarginOptions> {
  /** @internal */
  static override get name(): string {
    return "MarginRankingLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: MarginOptions) {
    super("MarginRankingLoss", options, MARGIN);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input1 Any shape.
   * @param input2 Of the same shape.
   * @param target 1 or -1, of the same shape.
   */
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, this.options);
  }
}

/**
 * By the distances of an anchor; the module of `functional.tripletMarginLoss`. Mirrors
 * [torch.nn.TripletMarginLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html).
 */
export class TripletMarginLoss extends Loss<TripletMarginOptions> {
  /** @internal */
  static override get name(): string {
    return "TripletMarginLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: TripletMarginOptions) {
    super("TripletMarginLoss", options, TRIPLET_MARGIN);
    checkTripletMargin("TripletMarginLoss", this.options.margin ?? 1);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param anchor `[N, D]` or `[D]`.
   * @param positive Of the same shape.
   * @param negative Of the same shape.
   */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/**
 * The cosine of the angle between vectors; the module of `functional.cosineSimilarity`. Mirrors
 * [torch.nn.CosineSimilarity](https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html).
 */
export class CosineSimilarity extends Module {
  /** @internal */
  static override get name(): string {
    return "CosineSimilarity";
  }

  /** The dimension of the vectors. */
  readonly dim: number;
  /** The least length that is divided by. */
  readonly eps: number;

  /** @param options `dim`: default 1. `eps`: default 1e-8. */
  constructor(options?: CosineSimilarityOptions) {
    super();
    const { dim = 1, eps = 1e-8 } = optionsOf("CosineSimilarity", options, COSINE_SIMILARITY);
    checkInteger("CosineSimilarity", "dim", dim);
    this.dim = dim;
    this.eps = eps;
  }

  /**
   * The cosines, without the dimension `dim`.
   *
   * @param x1 Any shape with that dimension.
   * @param x2 Of a shape that broadcasts with it.
   */
  forward(x1: Tensor, x2: Tensor): Tensor {
    checkInteger("CosineSimilarity", "dim", this.dim);
    checkNumber("CosineSimilarity", "eps", this.eps);
    return cosineSimilarity(x1, x2, { dim: this.dim, eps: this.eps });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `dim=${this.dim}, eps=${this.eps}`;
  }
}
