/** In which order a framework counts the elements of a mask. */
import type { MaskRequest } from "../random/source";
import { sameShape, sizeOf } from "../shape/shape";

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
export function elementsOf({ input, shape, elementOffset, whole }: MaskRequest): Elements {
  if (whole !== undefined) return { count: sizeOf(whole), isDense: true, behind: 0 };
  const count = elementOffset + sizeOf(shape);
  if (elementOffset > 0 || input === undefined || !sameShape(input.sizes, shape)) return { count, isDense: true, behind: 0 };
  const behind = input.offset;
  if (input.isContiguous()) return { count, isDense: true, behind };
  const isDense = areDense(shape, input.steps);
  return { count, ...(isDense && { memory: input.steps }), isDense, behind };
}

// --- internal helpers ---

/** True for the strides of a contiguous tensor in another order. */
function areDense(shape: readonly number[], strides: readonly number[]): boolean {
  let next = 1;
  for (const dim of shape.map((_, i) => i).sort((a, b) => (strides[a] as number) - (strides[b] as number))) {
    if (shape[dim] === 1) continue;
    if (strides[dim] !== next) return false;
    next *= shape[dim] as number;
  }
  return true;
}
