/** Classes that a model says, beside those that are right. */
import { ShapeError } from "../../errors/errors";
import { checkInteger, checkNumber } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { checkClasses, IGNORED } from "../../functional/losses-classes";
import { checkAlike, hostElements } from "../../functional/losses-shared";
import { onesLike } from "../../tensor/ranges";
import type { Tensor } from "../../tensor/tensor";

/** Which targets count for nothing. */
export interface IgnoreOptions {
  /** The class whose samples count for nothing. Default: -100, as for `crossEntropy`. */
  readonly ignoreIndex?: number;
}

/** How classes are read from a model's output. */
export interface PredictionOptions extends IgnoreOptions {
  /**
   * For models of two classes with one output: above it, the class is 1. Outputs and targets are of one shape then. 0 for logits, 0.5 for probabilities.
   * Default: none; outputs have a value for each class.
   */
  readonly threshold?: number;
}

/** A batch by class, checked; the functions make tensors, in the caller's scope. */
export interface ByClass {
  /** How many targets there are, ignored ones among them. */
  readonly size: number;
  /** The outputs of each, `[size, C]`. */
  readonly logits: () => Tensor;
  /** The right classes, `[size]`: 0 for those that are ignored. */
  readonly classes: () => Tensor;
  /** 1 for those that count, int32 `[size]`. */
  readonly counted: () => Tensor;
}

/** The same with the classes that a model says, int32 `[size]`. */
export type Predictions = Omit<ByClass, "logits"> & { readonly predicted: () => Tensor };

/** The class that is ignored, by the options. */
export function checkIgnored(op: string, { ignoreIndex = IGNORED }: IgnoreOptions): number {
  checkInteger(op, "ignoreIndex", ignoreIndex);
  return ignoreIndex;
}

/** Reads logits `[N, C]`, `[C]` or `[N, C, d1, ...]` and int32 classes of that shape without C. @throws As `crossEntropy` does. */
export function readClasses(op: string, output: Tensor, target: Tensor, ignoreIndex: number): ByClass {
  const { x, classes: given, dim, mayIgnore } = checkClasses(op, output, target, null, ignoreIndex);
  const { size } = given;
  const count = x.sizes[dim] as number;
  const last = x.sizes.length - 1;
  const order = [...x.sizes.keys()].filter((i) => i !== dim);
  return {
    size,
    logits: () => (dim === last ? x : x.permute([...order, dim])).reshape([size, count]),
    ...labels(given, ignoreIndex, mayIgnore),
  };
}

/** Reads classes by the largest output of each, or by a threshold. */
export function readPredictions(op: string, output: Tensor, target: Tensor, threshold: number | null, ignoreIndex: number): Predictions {
  if (threshold !== null) return readBinary(op, output, target, threshold, ignoreIndex);
  const { logits, ...rest } = readClasses(op, output, target, ignoreIndex);
  return { ...rest, predicted: () => logits().argmax({ dim: 1 }) };
}

/** A threshold, or null for none. */
export function checkThreshold(op: string, threshold: number | undefined): number | null {
  if (threshold !== undefined) checkNumber(op, "threshold", threshold);
  return threshold ?? null;
}

/** Two tensors of one shape, the second of which has 0 and 1 alone, and values for which `isOther` is true, where the host can look. */
export function checkBinary(
  op: string,
  output: Tensor,
  target: Tensor,
  isOther: (value: number) => boolean = () => false,
): [Tensor, Tensor] {
  const [x, y] = checkAlike(op, ["the output", "the target"] as const, [output, target]);
  for (const value of hostElements(y) ?? []) {
    if (value !== 0 && value !== 1 && !isOther(value)) throw wrongValue(op, "targets of 0 and 1", value);
  }
  return [x, y];
}

/** Refuses a number of classes other than that of the outputs. */
export function checkClassCount(op: string, { sizes }: Tensor, expected: number): void {
  const count = sizes[sizes.length === 1 ? 0 : 1];
  if (count === expected) return;
  throw new ShapeError(op, [sizes], `expected outputs of ${expected} classes, as numClasses says, got ${count}`);
}

// --- internal helpers ---

function readBinary(op: string, output: Tensor, target: Tensor, threshold: number, ignoreIndex: number): Predictions {
  const [x, y] = checkBinary(op, output, target, (value) => value === ignoreIndex);
  return { size: y.size, predicted: () => x.gt(threshold).type("int32").reshape([y.size]), ...labels(y, ignoreIndex, true) };
}

/** Targets in one dimension. `mayIgnore` is false where the host saw that all of them count. */
function labels(target: Tensor, ignoreIndex: number, mayIgnore: boolean): Pick<ByClass, "classes" | "counted"> {
  const flat = () => target.type("int32").reshape([target.size]);
  return {
    classes: () => (mayIgnore ? flat().where(flat().ne(ignoreIndex), 0) : flat()),
    counted: () => (mayIgnore ? flat().ne(ignoreIndex).type("int32") : onesLike(flat())),
  };
}
