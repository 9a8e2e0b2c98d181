/** What losses have in common: how they come out, and what fits what. */
import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating, type TypedArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cast } from "../ops/layout";
import { broadcastShapes, formatShape, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** How a loss comes out: the mean or sum over all elements, or one value for each. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes. */
export interface LossOptions {
  /** What comes out: `"mean"` or `"sum"`, a scalar, or `"none"`, one value for each element. Default: "mean". */
  readonly reduction?: Reduction;
}

/** The options that all losses have. */
export const LOSS: OptionKinds<LossOptions> = { reduction: "any" };

/** Refuses anything but the three reductions. */
export function checkReduction(op: string, reduction: unknown): asserts reduction is Reduction {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return;
  throw wrongValue(op, 'reduction "mean", "sum" or "none"', reduction);
}

/** The losses of all elements as the reduction says. */
export function reduced(op: string, values: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return values;
  if (reduction === "mean") checkFloating(op, values.dtype);
  return reduction === "sum" ? values.sum() : values.mean();
}

/** Tensors of one shape, named as messages call them; the first one is the input. */
export function checkAlike<Names extends readonly string[]>(
  op: string,
  names: Names,
  values: { [I in keyof Names]: Tensor },
): typeof values {
  const tensors = names.map((name, i) => checkTensor(op, values[i] as Tensor, i === 0 ? undefined : name));
  const [first] = tensors as [Tensor];
  tensors.forEach((x, i) => {
    if (!sameShape(first.sizes, x.sizes)) throw unlike(op, names[i] as string, first.sizes, x.sizes);
  });
  checkInputs(op, tensors);
  return tensors as unknown as typeof values;
}

/** A loss of each element by a target of the input's shape. */
export function elementwise(
  op: string,
  input: Tensor,
  target: Tensor,
  options: LossOptions | undefined,
  each: (x: Tensor, y: Tensor) => Tensor,
): Tensor {
  const { reduction = "mean" } = optionsOf(op, options, LOSS);
  checkReduction(op, reduction);
  const [x, y] = checkAlike(op, ["the input", "the target"] as const, [input, target]);
  return composed(() => reduced(op, each(x, y), reduction));
}

/** A weight, or null for none, when it broadcasts to the input's shape. Weights are constants: no gradient reaches them. */
export function checkWeight(op: string, name: string, weight: Tensor | null, input: Tensor): Tensor | null {
  if (weight === null) return null;
  const w = checkTensor(op, weight, name);
  checkInputs(op, [input, w]);
  const { sizes } = input;
  if (!sameShape(broadcastShapes(op, sizes, w.sizes), sizes)) {
    const detail = `expected ${name} to broadcast to ${formatShape(sizes)}, got ${formatShape(w.sizes)}`;
    throw new ShapeError(op, [sizes, w.sizes], detail);
  }
  return w;
}

/** A weight as a factor: of the losses' dtype, and outside the graph. */
export function factor(weight: Tensor, { dtype }: Tensor): Tensor {
  return cast(weight.detach(), dtype);
}

/** The elements in order, where the host can look at once. */
export function hostElements(x: Tensor): TypedArray | undefined {
  const { view } = x.storage.device;
  if (view === undefined) return undefined;
  const { storage, offset } = x.layout;
  return x.isContiguous() ? view(storage).subarray(offset, offset + x.size) : x.dataSync();
}

// --- internal helpers ---

function unlike(op: string, name: string, expected: Shape, got: Shape): ShapeError {
  const what = name === "the target" ? "a target" : name;
  const detail = `expected ${what} of shape ${formatShape(expected)}, got ${formatShape(got)} - reshape one of them; losses do not broadcast`;
  return new ShapeError(op, [expected, got], detail);
}
