/** In which order dimensions lie in memory, as PyTorch sees it: its elementwise operations and its compiled code sort alike. */
import type { Shape } from "../shape/shape";

/**
 * Strides without gaps, with the dimensions in the order in which data lies in memory.
 *
 * @param shape The data's sizes.
 * @param steps Its strides.
 * @param whole Sizes of what the strides are for, where that is more than the data.
 */
export function stridesInMemory(shape: Shape, steps: readonly number[], whole: Shape = shape): number[] {
  const strides: number[] = [];
  let next = 1;
  for (const dim of innermostFirst(shape, steps)) {
    strides[dim] = next;
    next *= whole[dim] as number;
  }
  return strides;
}

/** True for ops whose noise is a new tensor, row by row also where it has the input's shape: of channels, and what other libraries drop in pieces. */
export function isNewTensor(op: string): boolean {
  return NEW_TENSOR.test(op);
}

// --- internal helpers ---

const NEW_TENSOR = /\dd$|^feature|^(dropPath|lockedDropout|tokenDropout|headDropout|embeddingDropout|zoneout)$/;

/** Dimensions from the innermost outwards, sorted as PyTorch does it: a stride of 0 tells nothing, and of equal ones the smaller dimension is further in. */
function innermostFirst(shape: Shape, steps: readonly number[]): number[] {
  const order = shape.map((_, dim) => shape.length - 1 - dim);
  const comesAfter = (a: number, b: number): number => {
    const [first, second] = [steps[a] as number, steps[b] as number];
    if (first === 0 || second === 0) return 0;
    return Math.sign(first - second) || Number((shape[a] as number) > (shape[b] as number));
  };
  for (let i = 1; i < order.length; i++) {
    for (let here = i, other = i - 1; other >= 0; other--) {
      const [a, b] = [order[other] as number, order[here] as number];
      const sign = comesAfter(a, b);
      if (sign < 0) break;
      if (sign === 0) continue;
      order[other] = b;
      order[here] = a;
      here = other;
    }
  }
  return order;
}
