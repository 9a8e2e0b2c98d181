import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkBoolean, checkOptionNames, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import type { Generator } from "../random/generator";
import { resolveGenerator } from "../random/generator";
import { arrayOf, checkShape, formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Sizes of a mask; -1 and null stand for the input's own. */
export type NoiseShape = readonly (number | null)[];

/** Options of dropouts that act on weights, or on whole layers. */
export interface WeightDropoutOptions {
  /** Probability of being dropped, in [0, 1]. Default: 0.5. */
  readonly p?: number;
  /** Whether to drop at all. Default: true; false for the alpha functions, as in PyTorch. */
  readonly training?: boolean;
  /** Where the mask comes from. Default: the default generator. */
  readonly generator?: Generator;
}

/** Options of dropouts whose result is never written over the input. */
export interface OutOfPlaceOptions extends WeightDropoutOptions {
  /** Where this mask starts in that of a larger tensor, in mask elements. Default: 0. */
  readonly elementOffset?: number;
}

/** Options of the dropouts whose mask has one element per channel, or per element. */
export interface FeatureDropoutOptions extends OutOfPlaceOptions {
  /** Overwrite the input and return it. The mask is the one out of place would have. Default: false. */
  readonly inplace?: boolean;
}

/** Options of `dropout`. */
export interface DropoutOptions extends FeatureDropoutOptions {
  /**
   * A shape that broadcasts to the input's; positions along its sizes of 1 share one decision, and -1 or null is the input's own size. Checked where a
   * mask is drawn. Default: the input's shape.
   */
  readonly noiseShape?: NoiseShape;
}

/** Options with every default filled in and every value checked. */
export interface CheckedOptions {
  readonly op: string;
  readonly input: Tensor;
  readonly p: number;
  readonly training: boolean;
  readonly inplace: boolean;
  readonly generator: Generator;
  readonly elementOffset: number;
  /** As the caller wrote it. */
  readonly noiseShape: NoiseShape | undefined;
  /** The same as sizes, where it was written. */
  readonly maskShape: Shape | undefined;
}

/** The options that a dropout function has: with `noiseShape`, those of `dropout`. */
export const FEATURE_DROPOUT: OptionKinds<FeatureDropoutOptions> = {
  p: "any",
  training: "any",
  inplace: "any",
  generator: "any",
  elementOffset: "any",
};
export const DROPOUT: OptionKinds<DropoutOptions> = { ...FEATURE_DROPOUT, noiseShape: "any" };

/** The options that those without `inplace` have. */
export const WEIGHT_DROPOUT: OptionKinds<WeightDropoutOptions> = { p: "any", training: "any", generator: "any" };
export const OUT_OF_PLACE: OptionKinds<OutOfPlaceOptions> = { ...WEIGHT_DROPOUT, elementOffset: "any" };

/** Checks all arguments of a dropout function, before anything is drawn or written. A lone number is p. */
export function checkOptions(
  op: string,
  tensor: Tensor,
  options: number | DropoutOptions,
  trainingByDefault: boolean,
  names: object,
): CheckedOptions {
  const input = checkTensor(op, tensor);
  if (typeof options !== "number") checkOptionNames(op, options, names);
  const {
    p = 0.5,
    training = trainingByDefault,
    inplace = false,
    generator,
    elementOffset = 0,
    noiseShape,
  }: DropoutOptions = typeof options === "number" ? { p: options } : options;
  checkProbability(op, p);
  checkBoolean(op, "training", training);
  checkBoolean(op, "inplace", inplace);
  checkElementOffset(op, elementOffset, 0);
  const draws = training && p > 0 && p < 1 && input.size > 0;
  if (draws) checkFloating(op, input.dtype);
  const maskShape =
    noiseShape === undefined ? undefined : fittingNoiseShape(op, checkNoiseShape(op, noiseShape, input.sizes), input.sizes, draws);
  return { op, input, p, training, inplace, generator: resolveGenerator(op, generator), elementOffset, noiseShape, maskShape };
}

/** The options of what has a rate; a lone number is that. */
export function rateOptions<T extends { readonly p?: number }>(
  op: string,
  options: number | T | undefined,
  kinds: OptionKinds<T>,
): Partial<T> {
  return typeof options === "number" ? ({ p: options } as Partial<T>) : optionsOf(op, options, kinds);
}

/** Refuses arguments after the options: `F.dropout(x, 0.5, false)` would drop all the same. */
export function checkNoMore(op: string, extra: readonly unknown[]): void {
  if (extra.length > 0) throw wrongType(op, "options as { name: value }", extra[0]);
}

/** Refuses a drop probability that is no number (TypeError), NaN or outside [0, 1] (RangeError). */
export function checkProbability(op: string, p: unknown): asserts p is number {
  if (typeof p !== "number") throw wrongType(op, "p to be a number", p);
  if (!(p >= 0 && p <= 1)) throw wrongValue(op, "a drop probability p in [0, 1]", p);
}

/**
 * A copy of a mask shape that a caller gave. In it, -1 and null become the sizes that `shape`, counted from the last dimension, has there; without one
 * they stay, as -1.
 */
export function checkNoiseShape(op: string, noiseShape: unknown, shape?: Shape): Shape {
  const given = arrayOf(op, "noiseShape to be an array such as [null, 1, 4]", noiseShape);
  const isOwn = given.map((size) => size === null || size === -1);
  const shift = (shape?.length ?? 0) - given.length;
  const sizes = checkShape(
    op,
    given.map((size, i) => (isOwn[i] ? (shape?.[i + shift] ?? 1) : size)),
  );
  return shape === undefined ? sizes.map((size, i) => (isOwn[i] ? -1 : size)) : sizes;
}

/** Refuses an offset from which `count` mask elements would pass 2^53, the last integer that a number can count to. */
export function checkElementOffset(op: string, offset: unknown, count: number): void {
  if (typeof offset !== "number") throw wrongType(op, "elementOffset to be a number", offset);
  if (!Number.isInteger(offset) || offset < 0 || offset > 2 ** 53 - count) {
    throw wrongValue(op, `an integer elementOffset in [0, 2^53 - ${count}]`, offset);
  }
}

// --- internal helpers ---

/**
 * The shape of the mask. A noise shape that does not fit is refused where a mask is drawn with it; elsewhere (eval mode, p = 0, a batch without
 * samples) it stands for the input's: it may name the size of another batch.
 */
function fittingNoiseShape(op: string, noiseShape: Shape, shape: Shape, draws: boolean): Shape {
  const shift = shape.length - noiseShape.length;
  if (shift >= 0 && noiseShape.every((size, i) => size === 1 || size === shape[i + shift])) return noiseShape;
  if (!draws) return shape;
  const detail = `expected a noiseShape that broadcasts to ${formatShape(shape)}, got ${formatShape(noiseShape)} - each size is the input's (or -1, or null) or 1`;
  throw new ShapeError(op, [shape, noiseShape], detail);
}
