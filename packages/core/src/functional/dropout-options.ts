import { checkInputs } from "../autograd/run";
import { checkFloating } from "../dtype/dtype";
import { describe, optionsOf, ShapeError } from "../errors/errors";
import { checkTensor } from "../ops/binary";
import type { Generator } from "../random/generator";
import { resolveGenerator } from "../random/generator";
import { checkShape, formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Options of the dropouts whose mask has one element per channel, or per element. */
export interface FeatureDropoutOptions {
  /** Probability of being dropped, in [0, 1]. Default: 0.5. */
  readonly p?: number;
  /** Whether to drop at all. Default: true; false for the alpha functions, as in PyTorch. */
  readonly training?: boolean;
  /** Overwrite the input and return it. The mask is the one out of place would have. Default: false. */
  readonly inplace?: boolean;
  /** Where the mask comes from. Default: the default generator. */
  readonly generator?: Generator;
  /** Where this mask starts in that of a larger tensor, in mask elements. Default: 0. */
  readonly elementOffset?: number;
}

/** Options of `dropout`. */
export interface DropoutOptions extends FeatureDropoutOptions {
  /** A shape that broadcasts to the input's; positions along its sizes of 1 share one decision. Default: the input's shape. */
  readonly noiseShape?: Shape;
}

/** Options with every default filled in and every value checked. */
export interface CheckedOptions {
  readonly op: string;
  readonly p: number;
  readonly training: boolean;
  readonly inplace: boolean;
  readonly generator: Generator;
  readonly elementOffset: number;
  readonly noiseShape: Shape | undefined;
}

/** Checks all arguments of a dropout function, before anything is drawn or written. */
export function checkOptions(op: string, input: Tensor, options: number | DropoutOptions, trainingByDefault: boolean): CheckedOptions {
  checkTensor(op, input);
  checkInputs(op, [input]);
  const {
    p = 0.5,
    training = trainingByDefault,
    inplace = false,
    generator,
    elementOffset = 0,
    noiseShape,
  } = dropoutOptionsOf(op, options);
  checkProbability(op, p);
  checkBoolean(op, "training", training);
  checkBoolean(op, "inplace", inplace);
  if (noiseShape !== undefined) checkNoiseShape(op, noiseShape, input.shape);
  checkElementOffset(op, elementOffset, 0);
  if (training && p > 0 && p < 1 && input.size > 0) checkFloating(op, input.dtype);
  return { op, p, training, inplace, generator: resolveGenerator(op, generator), elementOffset, noiseShape };
}

/** The options object of a function or layer, whose lone number is p. Throws TypeError for anything else. */
export function dropoutOptionsOf(op: string, options: number | DropoutOptions): DropoutOptions {
  return typeof options === "number" ? { p: options } : optionsOf(op, options);
}

/** Refuses arguments after the options: `F.dropout(x, 0.5, false)` would drop all the same. */
export function checkNoMore(op: string, extra: readonly unknown[]): void {
  if (extra.length > 0) throw new TypeError(`${op}: expected options as { name: value }, got ${describe(extra[0])}`);
}

/** Refuses a drop probability that is no number (TypeError), NaN or outside [0, 1] (RangeError). */
export function checkProbability(op: string, p: unknown): asserts p is number {
  if (typeof p !== "number") throw new TypeError(`${op}: expected p to be a number, got ${describe(p)}`);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${op}: expected a drop probability p in [0, 1], got ${p}`);
}

/** Refuses anything but true and false; PyTorch takes no 0, 1 or None either. */
export function checkBoolean(op: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") throw new TypeError(`${op}: expected ${name} to be true or false, got ${describe(value)}`);
}

/** Refuses a mask shape that does not broadcast to `shape`. */
function checkNoiseShape(op: string, noiseShape: unknown, shape: Shape): asserts noiseShape is Shape {
  checkShape(op, noiseShape);
  const shift = shape.length - noiseShape.length;
  const fits = shift >= 0 && noiseShape.every((size, i) => size === 1 || size === shape[i + shift]);
  if (!fits) {
    const detail = `expected a noiseShape that broadcasts to ${formatShape(shape)}, got ${formatShape(noiseShape)} - each size is the input's or 1`;
    throw new ShapeError(op, [shape, noiseShape], detail);
  }
}

/** Refuses an offset from which `count` mask elements would pass 2^53, the last integer that a number can count to. */
export function checkElementOffset(op: string, offset: unknown, count: number): void {
  if (typeof offset !== "number") throw new TypeError(`${op}: expected elementOffset to be a number, got ${describe(offset)}`);
  if (!Number.isInteger(offset) || offset < 0 || offset > 2 ** 53 - count) {
    throw new RangeError(`${op}: expected an integer elementOffset in [0, 2^53 - ${count}], got ${offset}`);
  }
}
