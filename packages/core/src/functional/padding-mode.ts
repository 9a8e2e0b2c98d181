/** What a convolution's layer pads with, other than zeros. */
import { wrongValue } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { padded } from "./padding";
import { type Axis, checkImages } from "./windows";

/** What stands in the padding: zeros, the input mirrored at its first and last element, these repeated, or the input from its other end. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

const MODES: readonly unknown[] = ["zeros", "reflect", "replicate", "circular"] satisfies PaddingMode[];

/** Refuses anything but the four modes. */
export function checkPaddingMode(op: string, mode: unknown): asserts mode is PaddingMode {
  if (!MODES.includes(mode)) throw wrongValue(op, `paddingMode ${MODES.join(", ")}`, mode);
}

/** The input with the padding of windows written out. @throws ShapeError for more of it than the mode has elements for. */
export function paddedImages(op: string, input: Tensor, axes: readonly Axis[], mode: Exclude<PaddingMode, "zeros">): Tensor {
  const pairs = [...axes].reverse().flatMap(({ padding, paddingEnd }) => [padding, paddingEnd]);
  return padded(op, checkImages(op, input, axes.length), pairs, mode);
}
