/** In which order compiled code counts the elements of a mask. */
import type { MaskRequest } from "../random/source";
import { type Shape, sameShape } from "../shape/shape";

/**
 * The steps of a mask's indices, as Inductor counts its elements: row by row with the dimensions in the order of the input's strides, also where the input has gaps; a part of
 * a larger mask, and a mask that is not of the input's shape, row by row as they are.
 */
export function compiledSteps({ input, shape, elementOffset, whole, strides }: MaskRequest): readonly number[] | undefined {
  const isItsOwn = whole === undefined && elementOffset === 0 && input !== undefined && sameShape(input.sizes, shape);
  return isItsOwn ? stepsInOrder(shape, outerFirst(shape, input.steps)) : strides;
}

// --- internal helpers ---

/** The dimensions from the outermost in memory to the innermost; those that nothing tells apart stay as they are. PyTorch's insertion sort, of which the result depends on it. */
function outerFirst(shape: Shape, strides: readonly number[]): number[] {
  const order = shape.map((_, dim) => dim).reverse();
  for (let i = 1; i < order.length; i++) {
    let place = i;
    for (let before = i - 1; before >= 0; before--) {
      const [a, b] = [order[before] as number, order[place] as number];
      const comparison = compare(shape, strides, a, b);
      if (comparison < 0) break;
      if (comparison === 0) continue;
      order[before] = b;
      order[place] = a;
      place = before;
    }
  }
  return order.reverse();
}

function compare(shape: Shape, strides: readonly number[], a: number, b: number): number {
  const [strideA, strideB] = [strides[a] as number, strides[b] as number];
  if (strideA === 0 || strideB === 0) return 0;
  if (strideA !== strideB) return strideA - strideB;
  return (shape[a] as number) > (shape[b] as number) ? 1 : 0;
}

function stepsInOrder(shape: Shape, order: readonly number[]): number[] {
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (const dim of [...order].reverse()) {
    steps[dim] = step;
    step *= shape[dim] as number;
  }
  return steps;
}
