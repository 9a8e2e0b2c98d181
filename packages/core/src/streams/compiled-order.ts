/** In which order compiled code counts the elements of a mask. */
import type { MaskRequest } from "../random/source";
import { sameShape } from "../shape/shape";
import { stridesInMemory } from "./memory-order";

/**
 * The steps of a mask's indices, as Inductor counts its elements: row by row with the dimensions in the order of the input's strides, also where the input has gaps; a part of
 * a larger mask, and a mask that is not of the input's shape, row by row as they are.
 */
export function compiledSteps({ input, shape, elementOffset, whole, strides }: MaskRequest): readonly number[] | undefined {
  const isItsOwn = whole === undefined && elementOffset === 0 && input !== undefined && sameShape(input.sizes, shape);
  return isItsOwn ? stridesInMemory(shape, input.steps) : strides;
}
