import type { Backend, Kernels, Operand } from "@dropwise/core/backend";
import { areFloat32, elementsOf, isWhole, type Runtime, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "matmul" | "linear">>;

/** Rows of one unit: a multiple of the tile's six, and enough that a copied panel of the other operand is used many times. */
export const BLOCK_ROWS = 180;

/** Columns of one unit come in multiples of this, the panels that are copied together. */
const COLUMN_STEP = 32;

/** About what a multiplication and an addition take. */
const MULTIPLY_ADD_NS = 0.05;

/** Matrix products of float32, any operand transposed; float64 goes to the reference kernels. */
export function matmul(runtime: Runtime, reference: Kernels): Members {
  return {
    matmul(a, b, out) {
      if (!areFloat32(a)) return reference.matmul(a, b, out);
      const rank = out.shape.length;
      const [row, column] = [rank - 2, rank - 1];
      const batches = rank === 3 ? (out.shape[0] as number) : 1;
      const m = out.shape[row] as number;
      const k = a.shape[column] as number;
      const n = out.shape[column] as number;
      const { words } = runtime;
      const results = isWhole(k) ? elementsOf(batches, m, n) : Number.NaN;
      words[3] = runtime.operand("matmul", out, results); // first: the sizes are whole from here on
      words[0] = place(a, batches, m, k, 7);
      words[1] = place(b, batches, k, n, 10);
      words[2] = 0;
      run(batches, m, k, n);
    },
    linear(x, weight, bias, out) {
      if (!areFloat32(x)) return reference.linear(x, weight, bias, out);
      const [m, n] = out.shape as [number, number];
      const k = x.shape[1] as number;
      const { words } = runtime;
      words[0] = runtime.operand("linear", x, elementsOf(1, m, k));
      words[1] = runtime.operand("linear", weight, elementsOf(1, n, k));
      words[2] = bias === null ? 0 : runtime.operand("linear", bias, n);
      words[3] = runtime.operand("linear", out, elementsOf(1, m, n));
      words[7] = k;
      words[8] = 1;
      words[9] = 0;
      words[10] = 1; // the weight is [n, k]: its transpose is what is multiplied with
      words[11] = k;
      words[12] = 0;
      run(1, m, k, n);
    },
  };

  /** The address of a factor, whose strides it writes from word `at` on. */
  function place(operand: Operand<WasmHandle>, batches: number, rows: number, columns: number, at: number): number {
    const { strides } = operand;
    const rank = strides.length;
    // What is never stepped may be anything.
    const row = rows === 1 ? 0 : (strides[rank - 2] as number);
    const column = columns === 1 ? 0 : (strides[rank - 1] as number);
    const batch = batches === 1 || rank < 3 ? 0 : (strides[0] as number);
    const { words } = runtime;
    words[at] = row;
    words[at + 1] = column;
    words[at + 2] = batch;
    const size = rows * columns;
    if (batches * size === 0) return runtime.operand("matmul", operand, 0);
    const extent = isWhole(row) && isWhole(column) && isWhole(batch) ? 1 + (rows - 1) * row + (columns - 1) * column : Number.NaN;
    // There might be no end to it.
    if (extent < size)
      throw new RangeError("matmul: expected strides that come to each element once, got some that repeat one - copy the operand first");
    return runtime.operand("matmul", operand, extent + (batches - 1) * batch);
  }

  /** Completes the argument block and runs it. */
  function run(batches: number, m: number, k: number, n: number): void {
    if (batches === 0 || m === 0 || n === 0) return;
    const rowBlocks = batches * Math.ceil(m / BLOCK_ROWS);
    // Every unit copies what it reads of both operands, so no more of them than are needed to share the work well.
    const wanted = runtime.threads === 1 ? 1 : Math.ceil((4 * runtime.threads) / rowBlocks);
    const blockColumns = Math.ceil(n / wanted / COLUMN_STEP) * COLUMN_STEP;
    const columnBlocks = Math.ceil(n / blockColumns);
    const { words } = runtime;
    words[4] = m;
    words[5] = k;
    words[6] = n;
    words[13] = BLOCK_ROWS;
    words[14] = blockColumns;
    runtime.run("matmul", rowBlocks * columnBlocks, Math.min(m, BLOCK_ROWS) * k * Math.min(n, blockColumns) * MULTIPLY_ADD_NS);
  }
}
