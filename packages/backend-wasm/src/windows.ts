import type { WindowSpec } from "@dropwise/core/backend";
import { isWhole, type Runtime } from "./runtime";

/** Kernels count places along a dimension in 31 bits. */
const MOST = 2 ** 31;

/** Elements of a plane of the input, of one of the output, and of a window. */
export type Planes = [input: number, output: number, kernel: number];

/**
 * Writes the three dimensions of windows over planes of `sizes` that give planes of `counts` to the argument block, from word `at` on; those that are
 * not there have one place. What no kernel could walk makes a plane that no tensor has.
 */
export function writeAxes(
  { words }: Runtime,
  at: number,
  spec: Omit<WindowSpec, "padValue">,
  sizes: readonly number[],
  counts: readonly number[],
): Planes {
  const planes: Planes = [1, 1, 1];
  for (let axis = 0; axis < 3; axis++) {
    const dim = axis + sizes.length - 3;
    const of = (values: readonly number[], missing: number) => (dim < 0 ? missing : (values[dim] as number));
    const row = [of(sizes, 1), of(counts, 1), of(spec.kernel, 1), of(spec.stride, 1), of(spec.dilation, 1), of(spec.padding, 0)];
    const [input, output, kernel, stride, dilation, padding] = row as [number, number, number, number, number, number];
    const fits = row.every(isWhole) && Math.min(input, output, kernel, stride, dilation) > 0;
    const places = Math.max((output - 1) * stride + (kernel - 1) * dilation, input + padding, stride, dilation);
    planes[0] *= fits && places < MOST ? input : Number.NaN;
    planes[1] *= output;
    planes[2] *= kernel;
    words.set(row, at + 6 * axis);
  }
  return planes;
}
