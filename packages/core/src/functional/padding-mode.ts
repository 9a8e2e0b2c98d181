/** What a convolution's layer pads with, other than zeros. */
import { hostArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { wrongValue } from "../errors/refusal";
import { pickPlaces } from "../ops/unfold";
import { checkShape, formatShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { type Axis, batchwise, checkImages } from "./windows";

/** What stands in the padding: zeros, the input mirrored at its first and last element, these repeated, or the input from its other end. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** By mode: the place in `size` elements that stands for place `i`, which may lie outside; and how much padding there can be. */
const MODES: Readonly<Record<Exclude<PaddingMode, "zeros">, { place(i: number, size: number): number; limit(size: number): number }>> = {
  reflect: { place: (i, size) => (i < 0 ? -i : i < size ? i : 2 * (size - 1) - i), limit: (size) => size - 1 },
  replicate: { place: (i, size) => Math.min(Math.max(i, 0), size - 1), limit: () => Number.POSITIVE_INFINITY },
  circular: { place: (i, size) => (i + size) % size, limit: (size) => size },
};

/** Refuses anything but the four modes. */
export function checkPaddingMode(op: string, mode: unknown): asserts mode is PaddingMode {
  if (mode === "zeros" || (typeof mode === "string" && Object.hasOwn(MODES, mode))) return;
  throw wrongValue(op, `paddingMode zeros, ${Object.keys(MODES).join(", ")}`, mode);
}

/** The input with the padding of windows written out. @throws ShapeError for more of it than the mode has elements for. */
export function paddedImages(op: string, input: Tensor, axes: readonly Axis[], mode: Exclude<PaddingMode, "zeros">): Tensor {
  const x = checkImages(op, input, axes.length);
  const sizes = x.sizes.slice(-axes.length);
  const { place, limit } = MODES[mode];
  if (axes.some(({ padding, paddingEnd }, i) => Math.max(padding, paddingEnd) > limit(sizes[i] as number))) {
    const sides = formatShape(axes.flatMap(({ padding, paddingEnd }) => [padding, paddingEnd]));
    const most = `${mode === "reflect" ? "less than" : "at most"} the input's size`;
    throw new ShapeError(op, [x.sizes], `expected ${mode} padding of ${most}, got ${sides} for ${formatShape(x.sizes)}`);
  }
  const padded = checkShape(
    op,
    axes.map(({ padding, paddingEnd }, i) => (sizes[i] as number) + padding + paddingEnd),
  );
  const places = hostArray("host", "int32", sizeOf(padded));
  for (let at = 0; at < places.length; at++) {
    // From the last dimension on, whose number changes fastest.
    let [rest, step] = [at, 1];
    for (let i = axes.length - 1; i >= 0; i--) {
      const size = sizes[i] as number;
      const along = (rest % (padded[i] as number)) - (axes[i] as Axis).padding;
      places[at] = (places[at] as number) + place(along, size) * step;
      rest = Math.floor(rest / (padded[i] as number));
      step *= size;
    }
  }
  return batchwise(x, axes.length, (images) => pickPlaces(images, places).reshape([...images.sizes.slice(0, 2), ...padded]));
}
