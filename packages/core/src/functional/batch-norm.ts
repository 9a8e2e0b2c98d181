import { noGrad } from "../autograd/grad-mode";
import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkInPlace } from "../ops/affine-select";
import type { NumberOrTensor } from "../ops/binary";
import { normalizeFused } from "../ops/normalize";
import { overwrite } from "../ops/overwrite";
import { countOf, meanOver } from "../ops/reduce";
import { drawing } from "../random/drawing";
import type { Tensor } from "../tensor/tensor";
import {
  type AffineTensors,
  channelsOf,
  checkEps,
  checkSizes,
  optionalTensor,
  perChannel,
  readAffine,
  refuseSingle,
  scaled,
} from "./normalization";

/** What the normalisations with statistics of their own take. */
export interface StatisticsOptions extends AffineTensors {
  /** Means by channel, which training moves on, in place. Default: none. */
  readonly runningMean?: Tensor | null;
  /** Variances by channel, likewise; given with the means or not at all. */
  readonly runningVar?: Tensor | null;
  /** How far they move towards each batch, in [0, 1]. Default: 0.1. */
  readonly momentum?: number;
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends StatisticsOptions {
  /** Normalise by the batch, and move the running values; else by these. Default: false. */
  readonly training?: boolean;
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends StatisticsOptions {
  /** Normalise by the input, and move the running values; else by these. Default: true. */
  readonly useInputStats?: boolean;
}

/**
 * Normalises each channel: in training by the mean and biased variance of the batch, which also move the running values (the variance by the unbiased
 * one), else by the running values. Then scales and shifts. By Ioffe and Szegedy, [2015](https://arxiv.org/abs/1502.03167). Mirrors
 * [torch.nn.functional.batch_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html).
 *
 * @param input `[N, C, ...]`; float32 or float64.
 * @param options `runningMean`, `runningVar`: `[C]`, edited in place in training; without `training` they must be there. `weight`, `bias`: `[C]`.
 *   `training`: default false. `momentum`: default 0.1. `eps`: default 1e-5.
 * @returns A tensor of the input's shape.
 * @throws ShapeError for sizes that do not fit, and in training for one value in each channel; InPlaceError for running values that cannot be edited;
 *   TypeError for integers and missing running values; RangeError for a momentum outside [0, 1] or an eps below 0. Nothing has changed then.
 * @example
 * ```ts
 * const runningMean = zeros([2]);
 * const runningVar = ones([2]);
 * F.batchNorm(tensor([[1, 10], [3, 30]]), { runningMean, runningVar, training: true });
 * console.log(runningMean.dataSync().map((x) => Math.round(100 * x)).join()); // 20,200
 * ```
 */
export function batchNorm(input: Tensor, options?: BatchNormOptions): Tensor {
  const { training = false, ...given } = optionsOf<BatchNormOptions>("batchNorm", options, kindsOf("training"));
  return normalizeChannels("batchNorm", input, given, { byInput: training, overBatch: true });
}

/**
 * The same for each sample by itself: every channel of each is normalised over its places. By Ulyanov et al.,
 * [2016](https://arxiv.org/abs/1607.08022). Mirrors
 * [torch.nn.functional.instance_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html).
 *
 * @param input `[N, C, ...]`; float32 or float64.
 * @param options As for `batchNorm`, with `useInputStats` (default true) in place of `training`; running values take the mean over the samples.
 * @returns A tensor of the input's shape.
 * @throws As for `batchNorm`.
 */
export function instanceNorm(input: Tensor, options?: InstanceNormOptions): Tensor {
  const { useInputStats = true, ...given } = optionsOf<InstanceNormOptions>("instanceNorm", options, kindsOf("useInputStats"));
  return normalizeChannels("instanceNorm", input, given, { byInput: useInputStats, overBatch: false });
}

/** Both of them; a momentum that is a tensor is a share that a device computed, and is not looked at. */
export function normalizeChannels(
  op: string,
  input: Tensor,
  given: Omit<StatisticsOptions, "momentum"> & { readonly momentum?: NumberOrTensor },
  { byInput, overBatch }: { readonly byInput: boolean; readonly overBatch: boolean },
): Tensor {
  const { momentum = 0.1, eps = 1e-5 } = given;
  const { x, weight, bias } = readAffine(op, input, given);
  const runningMean = optionalTensor(op, given.runningMean, "runningMean");
  const runningVar = optionalTensor(op, given.runningVar, "runningVar");
  checkEps(op, eps);
  if (typeof momentum === "number" && !(momentum >= 0 && momentum <= 1)) throw wrongValue(op, "momentum in [0, 1]", momentum);
  const [, channels] = channelsOf(op, x);
  checkSizes(op, x, { weight, bias, runningMean, runningVar }, [channels]);
  if (runningMean === null ? runningVar !== null || !byInput : runningVar === null) {
    throw wrongType(
      op,
      "runningMean and runningVar",
      runningMean === null ? runningMean : runningVar,
      "pass both, or normalise by the input",
    );
  }
  for (const running of [runningMean, runningVar]) {
    if (running === null) continue;
    checkInputs(op, [x, running]);
    checkFloating(op, running.dtype);
    if (byInput) checkInPlace(op, running);
  }
  const dims = [...x.sizes.keys()].filter((dim) => dim > 1 || (dim === 0 && overBatch));
  const count = countOf(x, dims);
  if (byInput && count === 1) refuseSingle(op, x, overBatch ? "use a larger batch, or eval()" : "give each channel more places");
  const shape = perChannel(x);
  return composed(() => {
    const affine = { weight: weight?.reshape(shape), bias: bias?.reshape(shape) };
    const { y, mean, variance } = !byInput
      ? byStatistics(x, (runningMean as Tensor).detach().reshape(shape), (runningVar as Tensor).detach().reshape(shape), eps, affine)
      : ((overBatch ? byBatch(x, count, eps, weight, bias) : bySample(x, count, eps, affine)) ?? byInputs(x, dims, eps, affine));
    // A checkpoint that runs its function again has counted this batch already.
    if (byInput && runningMean !== null && runningVar !== null && x.size > 0 && !drawing.isReplay && !drawing.keepsStatistics) {
      const [nextMean, nextVar] = noGrad(() => [
        moved(runningMean, mean, momentum),
        moved(runningVar, variance.mul(count / (count - 1)), momentum),
      ]);
      // Only now, when nothing can fail any more.
      overwrite(runningMean, nextMean);
      overwrite(runningVar, nextVar);
    }
    return y;
  });
}

// --- internal helpers ---

const kindsOf = <Flag extends string>(flag: Flag) =>
  ({ [flag]: "flag", weight: "any", bias: "any", runningMean: "any", runningVar: "any", momentum: "number", eps: "number" }) as OptionKinds<
    StatisticsOptions & { readonly [Name in Flag]?: boolean }
  >;

/** What was normalised, and by which means and variances, in a shape that meets it. */
interface Standardized {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

function byStatistics(x: Tensor, mean: Tensor, variance: Tensor, eps: number, { weight, bias }: AffineTensors): Standardized {
  return { y: scaled(x.sub(mean).div(variance.add(eps).sqrt()), weight, bias), mean, variance };
}

/** By those of the input, composed. */
function byInputs(x: Tensor, dims: readonly number[], eps: number, { weight, bias }: AffineTensors): Standardized {
  const mean = meanOver(x, dims, true);
  const centred = x.sub(mean);
  const variance = meanOver(centred.mul(centred), dims, true);
  return { y: scaled(centred.div(variance.add(eps).sqrt()), weight, bias), mean, variance };
}

/** By those of each channel over the whole batch, `count` elements each, in one kernel; null where there is none. */
function byBatch(x: Tensor, count: number, eps: number, weight: Tensor | null, bias: Tensor | null): Standardized | null {
  const [outer, groups] = x.sizes as [number, number];
  const fused = normalizeFused(x, { outer, groups, inner: count / outer, eps, affine: "group" }, weight, weight && bias);
  if (fused === null) return null;
  const shape = perChannel(x);
  return { y: weight === null ? scaled(fused.output, null, bias?.reshape(shape)) : fused.output, ...statistics(fused.stats, shape) };
}

/** By those of each channel of each sample. The groups of the kernel are no channels, so that the scale comes after it. */
function bySample(x: Tensor, count: number, eps: number, { weight, bias }: AffineTensors): Standardized | null {
  const [batch, channels] = x.sizes as [number, number];
  const fused = normalizeFused(x, { outer: 1, groups: batch * channels, inner: count, eps, affine: "group" }, null, null);
  if (fused === null) return null;
  const shape = x.sizes.map((size, dim) => (dim < 2 ? size : 1));
  return { y: scaled(fused.output, weight, bias), ...statistics(fused.stats, shape) };
}

function statistics(stats: Tensor, shape: readonly number[]): { mean: Tensor; variance: Tensor } {
  const [mean, variance] = [0, 1].map((row) => stats.slice(0, row, row + 1).reshape(shape)) as [Tensor, Tensor];
  return { mean, variance };
}

/** A running value on its way towards what was seen, of shape `[N or 1, C, 1, ...]`. */
function moved(running: Tensor, seen: Tensor, momentum: NumberOrTensor): Tensor {
  const rest = typeof momentum === "number" ? 1 - momentum : momentum.neg().add(1);
  return running.mul(rest).add(meanOver(seen, [0], false).reshape(running.sizes).mul(momentum));
}
