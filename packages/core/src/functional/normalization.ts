import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { NormalizeSpec } from "../backend/backend";
import { checkFloating, type DType } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { normalizeFused } from "../ops/normalize";
import { meanOver } from "../ops/reduce";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** The scale and shift after a normalisation. */
export interface AffineTensors {
  /** What the normalised values are multiplied with. Default: none. */
  readonly weight?: Tensor | null;
  /** What is added after that. Default: none. */
  readonly bias?: Tensor | null;
}

/** Options of `layerNorm`. */
export interface LayerNormOptions extends AffineTensors {
  /** The last sizes of the input, over which each mean is taken; a number stands for one. */
  readonly normalizedShape: number | Shape;
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
}

/** Options of `rmsNorm`. */
export interface RMSNormOptions {
  /** The last sizes of the input, over which each mean is taken; a number stands for one. */
  readonly normalizedShape: number | Shape;
  /** What the normalised values are multiplied with. Default: none. */
  readonly weight?: Tensor | null;
  /** Added to the mean square, under the root. Default, also of null: the distance from 1 to the next number of the input's dtype. */
  readonly eps?: number | null;
}

/** Options of `groupNorm`. */
export interface GroupNormOptions extends AffineTensors {
  /** Into how many groups of neighbours the channels are cut. */
  readonly numGroups: number;
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
}

/**
 * Takes off the mean over the last dimensions and divides by the root of the variance (the biased one), for each place before them; then scales and
 * shifts. By Ba et al., [2016](https://arxiv.org/abs/1607.06450). Mirrors
 * [torch.nn.functional.layer_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html).
 *
 * @param input `[..., ...normalizedShape]`; float32 or float64.
 * @param options `normalizedShape`: the sizes that are normalised together. `weight`, `bias`: of that shape; default none. `eps`: default 1e-5.
 * @returns A tensor of the input's shape.
 * @throws ShapeError for sizes that do not fit, TypeError for integers and for what is no tensor, RangeError for an eps below 0.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [10, 20, 30]]);
 * const y = F.layerNorm(x, { normalizedShape: [3] });
 * console.log(String(y.slice(0, 1).squeeze())); // Tensor([-1.2247, 0, 1.2247], [3], float32, cpu)
 * ```
 */
export function layerNorm(input: Tensor, options: LayerNormOptions): Tensor {
  const given = optionsOf("layerNorm", options, LAYER_NORM);
  const { eps = 1e-5 } = given;
  const { x, weight, bias } = readAffine("layerNorm", input, given);
  const { sizes, dims } = lastSizes("layerNorm", x, given.normalizedShape);
  checkEps("layerNorm", eps);
  checkSizes("layerNorm", x, { weight, bias }, sizes);
  const inner = sizeOf(sizes);
  return composed(() => {
    const spec: NormalizeSpec = { outer: 1, groups: x.size / inner, inner, eps, affine: "inner" };
    const fused = normalizeFused(x, spec, weight, weight && bias);
    if (fused !== null) return weight === null ? scaled(fused.output, null, bias) : fused.output;
    return scaled(standardized(x, dims, eps), weight, bias);
  });
}

/**
 * Divides by the root of the mean square over the last dimensions, for each place before them, and scales: `layerNorm` without its mean. By Zhang and
 * Sennrich, [2019](https://arxiv.org/abs/1910.07467). Mirrors
 * [torch.nn.functional.rms_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html).
 *
 * @param input `[..., ...normalizedShape]`; float32 or float64.
 * @param options `normalizedShape`: the sizes that are normalised together. `weight`: of that shape; default none. `eps`: default 2^-23 for float32 and
 *   2^-52 for float64.
 * @returns A tensor of the input's shape.
 * @throws As for `layerNorm`.
 */
export function rmsNorm(input: Tensor, options: RMSNormOptions): Tensor {
  const given = optionsOf("rmsNorm", options, RMS_NORM);
  const { x, weight } = readAffine("rmsNorm", input, given);
  const { sizes, dims } = lastSizes("rmsNorm", x, given.normalizedShape);
  const eps = given.eps ?? (EPSILONS[x.dtype] as number);
  checkEps("rmsNorm", eps);
  checkSizes("rmsNorm", x, { weight }, sizes);
  return composed(() => scaled(x.div(meanOver(x.mul(x), dims, true).add(eps).sqrt()), weight, null));
}

/**
 * Normalises each sample over groups of channels and all that lies in them; then scales and shifts by channel. By Wu and He,
 * [2018](https://arxiv.org/abs/1803.08494). Mirrors
 * [torch.nn.functional.group_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html).
 *
 * @param input `[N, C, ...]`; float32 or float64.
 * @param options `numGroups`: by which C can be divided. `weight`, `bias`: `[C]`; default none. `eps`: default 1e-5.
 * @returns A tensor of the input's shape.
 * @throws ShapeError for sizes that do not fit and, as in PyTorch, for a batch with one value in all; else as for `layerNorm`.
 */
export function groupNorm(input: Tensor, options: GroupNormOptions): Tensor {
  const given = optionsOf("groupNorm", options, GROUP_NORM);
  const { numGroups, eps = 1e-5 } = given;
  const { x, weight, bias } = readAffine("groupNorm", input, given);
  checkInteger("groupNorm", "numGroups", numGroups, 1);
  checkEps("groupNorm", eps);
  const [batch, channels] = channelsOf("groupNorm", x);
  if (channels % numGroups !== 0) {
    const detail = `expected channels that ${numGroups} groups can share, got ${channels} in ${formatShape(x.sizes)}`;
    throw new ShapeError("groupNorm", [x.sizes], detail);
  }
  checkSizes("groupNorm", x, { weight, bias }, [channels]);
  const inGroup = (channels / numGroups) * sizeOf(x.sizes.slice(2));
  if (batch * inGroup === 1) refuseSingle("groupNorm", x, "use fewer groups, or layerNorm");
  const shape = perChannel(x);
  return composed(() => {
    const spec: NormalizeSpec = { outer: 1, groups: batch * numGroups, inner: inGroup, eps, affine: "group" };
    const y =
      normalizeFused(x, spec, null, null)?.output ?? standardized(x.reshape([batch, numGroups, inGroup]), [2], eps).reshape(x.sizes);
    return scaled(y, weight?.reshape(shape), bias?.reshape(shape));
  });
}

// --- for the other normalisations ---

/** Scaled and shifted, by what there is for it. */
export function scaled(x: Tensor, weight: Tensor | null | undefined, bias: Tensor | null | undefined): Tensor {
  const y = weight ? x.mul(weight) : x;
  return bias ? y.add(bias) : y;
}

/** The float tensor that is normalised, and the tensors beside it, null where there is none. All are live and of one backend. */
export function readAffine(
  op: string,
  input: Tensor,
  { weight, bias }: AffineTensors,
): { x: Tensor; weight: Tensor | null; bias: Tensor | null } {
  const x = checkTensor(op, input);
  checkFloating(op, x.dtype);
  const beside = { weight: optionalTensor(op, weight, "weight"), bias: optionalTensor(op, bias, "bias") };
  checkInputs(op, [x, ...Object.values(beside).filter((value) => value !== null)]);
  return { x, ...beside };
}

/** The tensor that an option is, or null. */
export function optionalTensor(op: string, value: Tensor | null | undefined, name: string): Tensor | null {
  return value === null || value === undefined ? null : checkTensor(op, value, name);
}

/** Refuses tensors beside the input that have another shape than `sizes`. */
export function checkSizes(op: string, x: Tensor, beside: Readonly<Record<string, Tensor | null>>, sizes: Shape): void {
  for (const [name, value] of Object.entries(beside)) {
    if (value === null || sameShape(value.sizes, sizes)) continue;
    const detail = `expected ${name} of shape ${formatShape(sizes)} for an input of ${formatShape(x.sizes)}, got ${formatShape(value.sizes)}`;
    throw new ShapeError(op, [x.sizes, value.sizes], detail);
  }
}

/** Refuses what would make a root of what is below 0. */
export function checkEps(op: string, eps: number): void {
  if (typeof eps !== "number" || !(eps >= 0 && eps < Number.POSITIVE_INFINITY)) throw wrongValue(op, "a finite eps of 0 or more", eps);
}

/** Batch and channels of `[N, C, ...]`. */
export function channelsOf(op: string, x: Tensor): [batch: number, channels: number] {
  const [batch, channels] = x.sizes;
  if (channels !== undefined) return [batch as number, channels];
  throw new ShapeError(op, [x.sizes], `expected (N, C, ...), got ${formatShape(x.sizes)} - add the missing dimension with unsqueeze`);
}

/** The shape in which one value for each channel meets the input. */
export function perChannel(x: Tensor): number[] {
  return x.sizes.map((size, dim) => (dim === 1 ? size : 1));
}

/** A single value is its own mean: all that is left of it is 0. */
export function refuseSingle(op: string, x: Tensor, advice: string): never {
  const detail = `expected more than one value to normalise, got one for each channel in ${formatShape(x.sizes)} - ${advice}`;
  throw new ShapeError(op, [x.sizes], detail);
}

/** The sizes that `normalizedShape` stands for. */
export function normalizedSizes(op: string, normalizedShape: unknown): Shape {
  const sizes = checkShape(op, typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape);
  if (sizes.length === 0) throw wrongValue(op, "a normalizedShape of at least one size", sizes);
  return sizes;
}

// --- internal helpers ---

/** From 1 to the next number. */
const EPSILONS: Partial<Record<DType, number>> = { float32: 2 ** -23, float64: 2 ** -52 };

// Written out: what is spread into an object at the top of a file stays in every program.
const LAYER_NORM: OptionKinds<LayerNormOptions> = { normalizedShape: "any", weight: "any", bias: "any", eps: "number" };
const RMS_NORM: OptionKinds<RMSNormOptions> = { normalizedShape: "any", weight: "any", eps: "any" };
const GROUP_NORM: OptionKinds<GroupNormOptions> = { numGroups: "any", weight: "any", bias: "any", eps: "number" };

/** Takes off the mean over `dims` and divides by the root of the biased variance and `eps`. */
function standardized(x: Tensor, dims: readonly number[], eps: number): Tensor {
  const centred = x.sub(meanOver(x, dims, true));
  return centred.div(meanOver(centred.mul(centred), dims, true).add(eps).sqrt());
}

/** The sizes of `normalizedShape`, and the dimensions of the input that they are. */
function lastSizes(op: string, x: Tensor, normalizedShape: unknown): { sizes: Shape; dims: number[] } {
  const sizes = normalizedSizes(op, normalizedShape);
  const first = x.sizes.length - sizes.length;
  if (first < 0 || !sameShape(x.sizes.slice(first), sizes)) {
    const detail = `expected an input that ends in normalizedShape ${formatShape(sizes)}, got ${formatShape(x.sizes)}`;
    throw new ShapeError(op, [x.sizes, sizes], detail);
  }
  return { sizes, dims: sizes.map((_, i) => first + i) };
}
