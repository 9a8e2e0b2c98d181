import type { Operand } from "../backend/backend";
import type { View } from "../backend/kernels";
import { createTypedArray, type DType, type TypedArray } from "../dtype/dtype";
import { mergeDims, type Shape } from "../shape/shape";

/** An operand as a kernel reads it: a typed array and how to step through it. */
export interface HostOperand {
  readonly data: TypedArray;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Where the number of a call lies while it runs; of two operands at most one is a number. */
const CONSTANTS: Partial<Record<DType, TypedArray>> = {};

/** Reads an operand through `view`; a number becomes one element of `dtype` that every step repeats. */
export function hostOperand(view: View, operand: Operand | number, dtype: DType, rank: number): HostOperand {
  if (typeof operand === "number") {
    CONSTANTS[dtype] ??= createTypedArray(dtype, 1);
    const data = CONSTANTS[dtype];
    data[0] = operand;
    return { data, strides: new Array(rank).fill(0), offset: 0 };
  }
  return { data: view(operand.storage), strides: operand.strides, offset: operand.offset };
}

/**
 * Walks operands of one shape row by row. `visit` gets the row's length, each operand's step within the row, and where the row starts in
 * each; `starts` is one array, changed from row to row.
 */
export function forEachRow(
  shape: Shape,
  operands: readonly HostOperand[],
  visit: (length: number, steps: readonly number[], starts: readonly number[]) => void,
): void {
  const merged = mergeDims(
    shape,
    operands.map((operand) => operand.strides),
  );
  const last = merged.shape.length - 1;
  const length = merged.shape[last] as number;
  const steps = merged.strides.map((strides) => strides[last] as number);
  const starts = operands.map((operand) => operand.offset);
  const index = new Array<number>(last).fill(0);
  if (merged.shape.includes(0)) return;
  for (;;) {
    visit(length, steps, starts);
    // Count up like an odometer, moving every operand along.
    let dim = last - 1;
    for (; dim >= 0; dim--) {
      const size = merged.shape[dim] as number;
      const wraps = (index[dim] as number) + 1 === size;
      index[dim] = wraps ? 0 : (index[dim] as number) + 1;
      for (let k = 0; k < starts.length; k++) {
        const stride = (merged.strides[k] as number[])[dim] as number;
        starts[k] = (starts[k] as number) + (wraps ? -stride * (size - 1) : stride);
      }
      if (!wraps) break;
    }
    if (dim < 0) return;
  }
}
