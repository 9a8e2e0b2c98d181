import { noGrad } from "../../autograd/grad-mode";
import { checkFloating, type TypedArray } from "../../dtype/dtype";
import { type OptionKinds, optionsOf } from "../../errors/options";
import { checkInPlace } from "../../ops/affine-select";
import { checkTensor } from "../../ops/binary";
import { attempt } from "../../random/draws";
import { type Generator, resolveGenerator } from "../../random/generator";
import { convert } from "../../tensor/elements";
import type { Tensor } from "../../tensor/tensor";
import { copyAll } from "../state-dict";

/** What every draw takes. */
export interface InitOptions {
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** The tensor that is to be written over, whatever it was computed from: as in PyTorch, nothing of it is recorded. */
export function checkTarget(op: string, tensor: Tensor): Tensor {
  const x = checkTensor(op, tensor);
  noGrad(() => checkInPlace(op, x));
  return x;
}

/** Writes elements in row-major order over a tensor, and returns it. */
export function writeValues(op: string, x: Tensor, values: TypedArray): Tensor {
  copyAll({ x }, { x: convert(op, values, x.dtype) });
  return x;
}

/** The same for a float tensor and elements that take one host call of the generator, which stands where it was, should anything fail. */
export function drawInto(op: string, x: Tensor, given: Generator | undefined, draw: (generator: Generator) => TypedArray): Tensor {
  checkFloating(op, x.dtype);
  const generator = resolveGenerator(op, given);
  return attempt(generator, () => writeValues(op, x, draw(generator)));
}

/** The options of a draw. */
export function drawOptions<T extends InitOptions>(
  op: string,
  options: T | undefined,
  kinds: Omit<OptionKinds<T>, "generator">,
): Partial<T> {
  return optionsOf<T>(op, options, { ...kinds, generator: "any" } as unknown as OptionKinds<T>);
}
