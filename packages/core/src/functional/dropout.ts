/**
 * What dropout is: the arguments PyTorch takes, the cases in which it does nothing, and the shape of the mask each variant draws. The
 * modules in `nn` are thin faces over these functions.
 */

import { ShapeError } from "../errors/errors";
import { type Affine, alphaDropoutAffine, dropoutAffine } from "../random/mask-key";
import { formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import {
  type CheckedOptions,
  checkNoMore,
  checkOptions,
  DROPOUT,
  type DropoutOptions,
  FEATURE_DROPOUT,
  type FeatureDropoutOptions,
} from "./dropout-options";
import { type MaskRecord, select } from "./dropout-select";
import { warnOnce } from "./warn";

/**
 * Zeroes elements with probability `p` and scales the rest by `1 / (1 - p)`, while `training`. Every such call draws a fresh mask.
 * Mirrors [torch.nn.functional.dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html); the idea is by
 * Srivastava et al., [2014](https://jmlr.org/papers/v15/srivastava14a.html).
 *
 * The function keeps no state: it does not know whether the model around it trains, so pass `training: model.training`. Left out, it
 * is true, as in PyTorch, also after `model.eval()`. A call that changes nothing (`training: false`, p = 0, no elements) returns `input` itself.
 * A dropped element is +0 even where it was NaN or infinite (PyTorch: -0 or NaN).
 *
 * @param input Any shape; float32 or float64.
 * @param options `p`: default 0.5; a lone number is `p`. `training`: default true. `inplace`: overwrite `input` and return it (default
 *   false). `generator`: default the default generator. `noiseShape`: a shape that broadcasts to the input's; positions along
 *   its sizes of 1 share one decision, -1 and null are the input's size. `elementOffset`: where this mask starts in that of a larger tensor (default 0).
 * @throws RangeError for p outside [0, 1] or NaN; TypeError for wrong types and for integers with 0 < p < 1; ShapeError for a noiseShape
 *   that does not broadcast; InPlaceError for an `inplace` that autograd cannot follow.
 * @example
 * ```ts
 * manualSeed(42);
 * const model = new nn.Sequential(new nn.Linear(8, 8)).eval();
 * const h = ones([8]);
 * console.log(F.dropout(h, { p: 0.5 }).dataSync().join()); // 0,2,2,2,2,2,2,0
 * console.log(F.dropout(h, { p: 0.5, training: model.training }) === h); // true
 * ```
 */
export function dropout(input: Tensor, options?: number | DropoutOptions): Tensor;
export function dropout(input: Tensor, options: number | DropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropout", extra);
  return dropoutWithMask(input, options).output;
}

/**
 * Drops whole channels of (C, L) or (N, C, L): all L elements of one share a decision. Mirrors
 * [torch.nn.functional.dropout1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html).
 *
 * @param input (C, L) or (N, C, L); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`.
 * @throws ShapeError for other ranks, else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * console.log(F.dropout1d(ones([3, 4]), 0.5).sum({ dim: 1 }).dataSync().join()); // 8,0,0
 * ```
 */
export function dropout1d(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function dropout1d(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropout1d", extra);
  return dropout1dWithMask(input, options).output;
}

/**
 * Drops whole channels of (N, C, H, W). Mirrors [torch.nn.functional.dropout2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html).
 *
 * As in PyTorch, 3 dimensions are read as (N, C, L), not (C, H, W), and that, like any rank but 4, gives a warning.
 *
 * @param input (N, C, H, W); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`.
 * @throws ShapeError for fewer than 2 dimensions, where a mask is drawn; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * console.log(F.dropout2d(ones([1, 3, 2, 2]), 0.5).sum({ dim: [2, 3] }).dataSync().join()); // 8,0,0
 * ```
 */
export function dropout2d(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function dropout2d(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropout2d", extra);
  return dropout2dWithMask(input, options).output;
}

/**
 * Drops whole channels of (N, C, D, H, W) or (C, D, H, W). Mirrors [torch.nn.functional.dropout3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html).
 * Other ranks give a warning and are read without the batch dimension, as in PyTorch.
 *
 * @param input (N, C, D, H, W) or (C, D, H, W); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`.
 * @throws As for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * console.log(F.dropout3d(ones([3, 2, 2, 2]), 0.5).sum({ dim: [1, 2, 3] }).dataSync().join()); // 16,0,0
 * ```
 */
export function dropout3d(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function dropout3d(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropout3d", extra);
  return dropout3dWithMask(input, options).output;
}

/**
 * Dropout for self-normalising networks (Klambauer et al., [2017](https://arxiv.org/abs/1706.02515)): keeps mean 0 and variance 1 by putting SELU's
 * saturation value where it drops. Mirrors [torch.nn.functional.alpha_dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html).
 *
 * @param input Any shape; float32 or float64.
 * @param options As for `dropout`, without `noiseShape`; but `training` defaults to **false**, as in PyTorch.
 * @throws As for `dropout`.
 * @example
 * ```ts
 * const x = randn([10000], { generator: new Generator(3) });
 * const y = F.alphaDropout(x, { p: 0.2, training: true, generator: new Generator(3) });
 * console.log(Math.abs(y.mean().itemSync()) < 0.05, Math.abs(y.std().itemSync() - 1) < 0.05); // true true
 * ```
 */
export function alphaDropout(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function alphaDropout(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("alphaDropout", extra);
  return alphaDropoutWithMask(input, options).output;
}

/**
 * `alphaDropout` of whole channels. Mirrors [torch.nn.functional.feature_alpha_dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html).
 *
 * @param input (N, C, ...), of 2 or more dimensions; float32 or float64.
 * @param options As for `dropout`, without `noiseShape`; but `training` defaults to **false**, as in PyTorch.
 * @throws ShapeError for fewer than 2 dimensions, where a mask is drawn; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * const y = F.featureAlphaDropout(zeros([1, 3, 2]), { p: 0.5, training: true });
 * console.log(String(y.reshape([-1]))); // Tensor([0.7792, 0.7792, -0.7792, -0.7792, -0.7792, -0.7792], [6], float32, cpu)
 * ```
 */
export function featureAlphaDropout(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function featureAlphaDropout(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("featureAlphaDropout", extra);
  return featureAlphaDropoutWithMask(input, options).output;
}

/** The output, and what it takes to draw the mask again: null when no dropout was asked for (`training: false`). */
export interface Dropped {
  readonly output: Tensor;
  readonly mask: MaskRecord | null;
}

/** A function of the family that also tells its mask; the modules call these. `batchDim` is the dimension that counts samples, where that is not the first. */
export type DropoutFunction = (input: Tensor, options: number | DropoutOptions, batchDim?: number, op?: string) => Dropped;

export const dropoutWithMask: DropoutFunction = (tensor, options, batchDim, op = "dropout") => {
  const checked = checkOptions(op, tensor, options, true, DROPOUT);
  const { input } = checked;
  return drop(checked, dropoutAffine, () => checked.maskShape ?? input.sizes, batchDim);
};

export const dropout1dWithMask: DropoutFunction = (tensor, options) => {
  const checked = checkOptions("dropout1d", tensor, options, true, FEATURE_DROPOUT);
  const { input } = checked;
  const rank = input.sizes.length;
  if (rank !== 2 && rank !== 3) {
    throw new ShapeError("dropout1d", [input.sizes], `expected (C, L) or (N, C, L), got ${rank} dimensions - use dropout for other shapes`);
  }
  return drop(checked, dropoutAffine, () => channelMask(input.sizes, rank - 1), rank - 3);
};

export const dropout2dWithMask: DropoutFunction = (tensor, options) => {
  const checked = checkOptions("dropout2d", tensor, options, true, FEATURE_DROPOUT);
  const { input } = checked;
  const rank = input.sizes.length;
  if (rank === 3) {
    warnOnce("dropout2d: expected (N, C, H, W), got 3 dimensions, read as (N, C, L) - use dropout1d, or add the missing dimension");
  } else if (rank !== 4) {
    warnOnce(`dropout2d: expected (N, C, H, W), got ${rank} dimensions - use dropout for other shapes`);
  }
  return drop(checked, dropoutAffine, () => featureMask("dropout2d", input.sizes));
};

export const dropout3dWithMask: DropoutFunction = (tensor, options) => {
  const checked = checkOptions("dropout3d", tensor, options, true, FEATURE_DROPOUT);
  const { input } = checked;
  const rank = input.sizes.length;
  if (rank !== 4 && rank !== 5)
    warnOnce(`dropout3d: expected (N, C, D, H, W) or (C, D, H, W), got ${rank} dimensions - use dropout for other shapes`);
  return drop(
    checked,
    dropoutAffine,
    () => (rank === 5 ? channelMask(input.sizes, 2) : featureMask("dropout3d", [1, ...input.sizes]).slice(1)),
    rank - 5,
  );
};

export const alphaDropoutWithMask: DropoutFunction = (tensor, options) => {
  const checked = checkOptions("alphaDropout", tensor, options, false, FEATURE_DROPOUT);
  const { input } = checked;
  return drop(checked, alphaDropoutAffine, () => input.sizes);
};

export const featureAlphaDropoutWithMask: DropoutFunction = (tensor, options) => {
  const checked = checkOptions("featureAlphaDropout", tensor, options, false, FEATURE_DROPOUT);
  const { input } = checked;
  return drop(checked, alphaDropoutAffine, () => featureMask("featureAlphaDropout", input.sizes));
};

/** Applies dropout to checked options. `maskShape` is asked only when a mask is really drawn: PyTorch lets any rank pass where nothing is. `batchDim` is not 0 or more where samples are not counted. */
export function drop(options: CheckedOptions, affineOf: (p: number) => Affine, maskShape: () => Shape, batchDim = 0): Dropped {
  const { input, p } = options;
  if (!options.training) return { output: input, mask: null };
  const draws = p > 0 && p < 1 && input.size > 0;
  return select(options, draws ? affineOf(p) : null, draws ? maskShape() : safely(maskShape, input.sizes), batchDim);
}

// --- internal helpers ---

/** Without a draw, a rank that would be refused counts as a mask of the input's shape. */
function safely(maskShape: () => Shape, fallback: Shape): Shape {
  try {
    return maskShape();
  } catch (error) {
    if (error instanceof ShapeError) return fallback;
    throw error;
  }
}

/** A mask of one element per channel, of a tensor whose dimensions from `spatial` on are shared. */
function channelMask(shape: Shape, spatial: number): Shape {
  return shape.map((size, i) => (i < spatial ? size : 1));
}

/** PyTorch's feature noise: (N, C, 1, 1, ...). */
function featureMask(op: string, shape: Shape): Shape {
  if (shape.length < 2) {
    throw new ShapeError(
      op,
      [shape],
      `expected at least 2 dimensions, (N, C, ...), got ${formatShape(shape)} - use the elementwise function`,
    );
  }
  return channelMask(shape, 2);
}
