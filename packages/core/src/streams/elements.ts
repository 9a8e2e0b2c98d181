/** In which order a framework counts the elements of a mask. */
import type { MaskRequest } from "../random/source";
import { sameShape, sizeOf } from "../shape/shape";
import { isNewTensor, stridesInMemory } from "./memory-order";

/** A mask's elements as PyTorch counts them. */
export interface Elements {
  /** Elements of the whole mask, of which this may be a part. */
  readonly count: number;
  /** How indices step through a dense input's memory, where that is not row by row. */
  readonly memory?: readonly number[];
  /** True where the input's elements lie side by side, in whichever order. */
  readonly isDense: boolean;
  /** Elements that the whole input's first one lies behind an aligned place. */
  readonly behind: number;
}

/** @internal A dense input's mask follows its memory, others go row by row. Of a part, the whole is taken as contiguous and aligned. */
export function elementsOf({ op, input, shape, elementOffset, whole }: MaskRequest): Elements {
  if (whole !== undefined) return { count: sizeOf(whole), isDense: true, behind: 0 };
  const count = elementOffset + sizeOf(shape);
  const isInputs = input !== undefined && sameShape(input.sizes, shape) && !isNewTensor(op);
  if (elementOffset > 0 || !isInputs) return { count, isDense: true, behind: 0 };
  const behind = input.offset;
  if (input.isContiguous()) return { count, isDense: true, behind };
  // Without gaps the strides are those of the same order of dimensions; one of size 1 may have any.
  const memory = stridesInMemory(shape, input.steps);
  const isDense = shape.every((size, dim) => size === 1 || input.steps[dim] === memory[dim]);
  return { count, ...(isDense && { memory }), isDense, behind };
}
