import type { Operand } from "../backend/backend";
import type { View } from "../backend/device";
import type { DType, TypedArray } from "../dtype/dtype";
import { isContiguous, mergeDims, type Shape, sizeOf } from "../shape/shape";

/** An operand as a kernel reads it: a typed array and how to step through it. */
export interface HostOperand {
  readonly data: TypedArray;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Where the number of a call lies while it runs; of two operands at most one is a number. */
const CONSTANTS: Readonly<Record<DType, TypedArray>> = /* @__PURE__ */ (() => ({
  float32: new Float32Array(1),
  float64: new Float64Array(1),
  int32: new Int32Array(1),
  bool: new Uint8Array(1),
}))();

/** Reads an operand through `view`; a number becomes one element of `dtype` that every step repeats. */
export function hostOperand(view: View, operand: Operand | number, dtype: DType, rank: number): HostOperand {
  if (typeof operand === "number") {
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
  // Most calls: everything contiguous or one repeated value, a single row.
  if (operands.every(({ strides }) => strides.every((stride) => stride === 0) || isContiguous(shape, strides))) {
    const size = sizeOf(shape);
    const steps = operands.map(({ strides }) => (strides.some((stride) => stride !== 0) ? 1 : 0));
    if (size > 0)
      visit(
        size,
        steps,
        operands.map((operand) => operand.offset),
      );
    return;
  }
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
