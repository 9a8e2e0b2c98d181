/** Dropout of larger pieces than elements and channels: each function names the piece, which is the shape of its mask. */

import { ShapeError } from "../errors/errors";
import { checkBoolean, type OptionKinds } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { dropoutAffine } from "../random/mask-key";
import { formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { type Dropped, drop } from "./dropout";
import {
  type CheckedOptions,
  checkNoMore,
  checkOptions,
  FEATURE_DROPOUT,
  type FeatureDropoutOptions,
  rateOptions,
} from "./dropout-options";

/** Options of `dropPath`. */
export interface DropPathOptions extends FeatureDropoutOptions {
  /** What is dropped together: `"row"`, each sample for itself, or `"batch"`, all or none. Default: "row". */
  readonly mode?: "row" | "batch";
}

/** Options of dropouts of sequences. */
export interface SequenceDropoutOptions extends FeatureDropoutOptions {
  /** The first of three dimensions counts samples, not positions. Default: false, as in `nn.LSTM` and `nn.Transformer`. */
  readonly batchFirst?: boolean;
}

/** The options that these functions have. */
const DROP_PATH: OptionKinds<DropPathOptions> = { ...FEATURE_DROPOUT, mode: "any" };
const SEQUENCE_DROPOUT: OptionKinds<SequenceDropoutOptions> = { ...FEATURE_DROPOUT, batchFirst: "any" };

/**
 * Stochastic depth (Huang et al., [2016](https://arxiv.org/abs/1603.09382)): drops whole samples, of a residual branch that is then added to its input, so that
 * for each sample another, shorter network is trained. What is kept is scaled by `1 / (1 - p)`. Mirrors
 * [torchvision.ops.stochastic_depth](https://docs.pytorch.org/vision/stable/generated/torchvision.ops.stochastic_depth.html); timm calls it DropPath. Under `torchCpu`
 * both have the same values, bit for bit.
 *
 * @param input (N, ...); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`; `mode`: "row" (default) or "batch". p defaults to 0.5, which the paper gives its last layer; those
 *   before have less, in proportion to their place.
 * @throws ShapeError for no dimension; RangeError for another mode; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * const branch = ones([4, 2]);
 * console.log(F.dropPath(branch, 0.5).sum({ dim: 1 }).dataSync().join()); // 4,0,0,0
 * ```
 */
export function dropPath(input: Tensor, options?: number | DropPathOptions): Tensor;
export function dropPath(input: Tensor, options: number | DropPathOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropPath", extra);
  return dropPathWithMask(input, options).output;
}

/**
 * Variational dropout, one mask for all positions of a sequence (Gal and Ghahramani, [2016](https://arxiv.org/abs/1512.05287); "locked" in AWD-LSTM, Merity et
 * al., [2018](https://arxiv.org/abs/1708.02182)): a feature that is dropped is dropped at every time step.
 *
 * @param input (L, N, C), with `batchFirst` (N, L, C), or (L, C); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`; `batchFirst`, default false. p defaults to 0.5, which AWD-LSTM has for large layers.
 * @throws ShapeError for other ranks; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(2);
 * console.log(F.lockedDropout(ones([3, 1, 4]), 0.5).reshape([3, 4]).sum({ dim: 0 }).dataSync().join()); // 6,6,0,6
 * ```
 */
export function lockedDropout(input: Tensor, options?: number | SequenceDropoutOptions): Tensor;
export function lockedDropout(input: Tensor, options: number | SequenceDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("lockedDropout", extra);
  return lockedDropoutWithMask(input, options).output;
}

/**
 * Drops whole positions of a sequence, with all their features ("word dropout", Iyyer et al., [2015](https://aclanthology.org/P15-1162/)): the model learns not to
 * lean on single tokens.
 *
 * @param input (L, N, C), (N, L, C) or (L, C); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`; `batchFirst`, which says what dimension a `shard` cuts, default false. p defaults to 0.3, as in the paper.
 * @throws ShapeError for other ranks; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(2);
 * console.log(F.tokenDropout(ones([4, 2]), 0.5).dataSync().join()); // 2,2,2,2,0,0,2,2
 * ```
 */
export function tokenDropout(input: Tensor, options?: number | SequenceDropoutOptions): Tensor;
export function tokenDropout(input: Tensor, options: number | SequenceDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("tokenDropout", extra);
  return tokenDropoutWithMask(input, options).output;
}

/**
 * Drops whole heads of attention, of each sample (DropHead, Zhou et al., [2020](https://arxiv.org/abs/2004.13342)). Lay it on what
 * `scaledDotProductAttention` returns, before the heads are joined. Kept heads are scaled by `1 / (1 - p)`, the expectation of the paper's count of them.
 *
 * @param input (N, H, L, D) or (H, L, D); float32 or float64.
 * @param options As for `dropout`, without `noiseShape`. p defaults to 0.2, the highest rate of the paper's schedule.
 * @throws ShapeError for other ranks; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(0);
 * console.log(F.headDropout(ones([1, 4, 2, 2]), 0.5).sum({ dim: [2, 3] }).dataSync().join()); // 8,0,0,0
 * ```
 */
export function headDropout(input: Tensor, options?: number | FeatureDropoutOptions): Tensor;
export function headDropout(input: Tensor, options: number | FeatureDropoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("headDropout", extra);
  return headDropoutWithMask(input, options).output;
}

/** The same, which also tell their mask, for the modules. */
export function dropPathWithMask(tensor: Tensor, options: number | DropPathOptions): Dropped {
  const checked = checkOptions("dropPath", tensor, options, true, DROP_PATH);
  const { mode = "row" } = typeof options === "number" ? {} : options;
  if (mode !== "row" && mode !== "batch") throw wrongValue("dropPath", 'mode "row" or "batch"', mode);
  const { sizes } = checked.input;
  if (sizes.length === 0) throw wrongRank("dropPath", "(N, ...)", sizes);
  if (mode === "row") return pieces(checked, () => sizes.map((size, i) => (i === 0 ? size : 1)), 0);
  // What is shared along the batch is shared by all parts of one.
  const noiseShape = sizes.map(() => 1);
  return pieces({ ...checked, noiseShape }, () => noiseShape, 0);
}

export function lockedDropoutWithMask(tensor: Tensor, options: number | SequenceDropoutOptions): Dropped {
  const { checked, batchDim } = sequence("lockedDropout", tensor, options, 0.5);
  const time = batchDim === 0 ? 1 : 0;
  return pieces(checked, ({ sizes }) => sizes.map((size, i) => (i === time ? 1 : size)), batchDim);
}

export function tokenDropoutWithMask(tensor: Tensor, options: number | SequenceDropoutOptions): Dropped {
  const { checked, batchDim } = sequence("tokenDropout", tensor, options, 0.3);
  return pieces(checked, ({ sizes }) => [...sizes.slice(0, -1), 1], batchDim);
}

export function headDropoutWithMask(tensor: Tensor, options: number | FeatureDropoutOptions): Dropped {
  const checked = checkOptions(
    "headDropout",
    tensor,
    { p: 0.2, ...rateOptions("headDropout", options, FEATURE_DROPOUT) },
    true,
    FEATURE_DROPOUT,
  );
  const { sizes } = checked.input;
  if (sizes.length !== 3 && sizes.length !== 4) throw wrongRank("headDropout", "(N, H, L, D) or (H, L, D)", sizes);
  return pieces(checked, () => [...sizes.slice(0, -2), 1, 1], sizes.length - 4);
}

// --- internal helpers ---

function pieces(checked: CheckedOptions, maskShape: (input: Tensor) => Shape, batchDim: number): Dropped {
  return drop(checked, dropoutAffine, () => maskShape(checked.input), batchDim);
}

function sequence(op: string, tensor: Tensor, options: number | SequenceDropoutOptions, p: number) {
  const checked = checkOptions(op, tensor, { p, ...rateOptions(op, options, SEQUENCE_DROPOUT) }, true, SEQUENCE_DROPOUT);
  const { batchFirst = false } = typeof options === "number" ? {} : options;
  checkBoolean(op, "batchFirst", batchFirst);
  const { sizes } = checked.input;
  if (sizes.length !== 2 && sizes.length !== 3) throw wrongRank(op, "(L, N, C), (N, L, C) or (L, C)", sizes);
  return { checked, batchDim: sizes.length === 2 ? -1 : batchFirst ? 0 : 1 };
}

function wrongRank(op: string, expected: string, sizes: Shape): ShapeError {
  return new ShapeError(op, [sizes], `expected ${expected}, got ${formatShape(sizes)}`);
}
