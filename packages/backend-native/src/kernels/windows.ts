import type { WindowSpec } from "@dropwise/core/backend";
import type { Call } from "../call";

type Windows = Omit<WindowSpec, "padValue">;

/**
 * Writes the three dimensions of windows over planes of `sizes` that give planes of `counts`; those that are not there have one place. Returns the
 * elements of a plane of the input, one of the output, and a window.
 */
export function axes(call: Call, spec: Windows, sizes: readonly number[], counts: readonly number[]): [number, number, number] {
  const elements: [number, number, number] = [1, 1, 1];
  const rank = sizes.length;
  for (let at = rank - 3; at < rank; at++) {
    if (at < 0) {
      call.number(1).number(1).number(1).number(1).number(1).number(0);
      continue;
    }
    const input = sizes[at] as number;
    const output = counts[at] as number;
    const kernel = spec.kernel[at] as number;
    elements[0] *= input;
    elements[1] *= output;
    elements[2] *= kernel;
    call.number(input).number(output).number(kernel);
    call
      .number(spec.stride[at] as number)
      .number(spec.dilation[at] as number)
      .number(spec.padding[at] as number);
  }
  return elements;
}
