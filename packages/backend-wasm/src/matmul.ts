import type { Backend, Kernels, Operand } from "@dropwise/core/backend";
import { addressOf, areFloat32, type Runtime, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "matmul" | "linear">>;

/** Rows of one unit: a multiple of the tile's five, and enough that a copied panel of the other operand is used many times. */
const BLOCK_ROWS = 130;

/** Columns of one unit come in multiples of this, the panels that are copied together. */
const COLUMN_STEP = 32;

/** Bytes of scratch memory that a thread needs: panels of depth 256 for one block of rows, and for 32 columns. */
export const SCRATCH_BYTES = 4 * 256 * (BLOCK_ROWS + COLUMN_STEP);

/** About what a multiplication and an addition take. */
const MULTIPLY_ADD_NS = 0.05;

/** Matrix products of float32, any operand transposed; float64 goes to the reference kernels. */
export function matmul(runtime: Runtime, reference: Kernels): Members {
  return {
    matmul(a, b, out) {
      if (!areFloat32(a)) return reference.matmul(a, b, out);
      const rank = out.shape.length;
      const batches = rank === 3 ? (out.shape[0] as number) : 1;
      const batch = (operand: Operand) => (rank === 3 ? (operand.strides[0] as number) : 0);
      const [row, column] = [rank - 2, rank - 1];
      const { words } = runtime;
      words[0] = addressOf(a);
      words[1] = addressOf(b);
      words[2] = 0;
      words[3] = addressOf(out);
      words[7] = a.strides[row] as number;
      words[8] = a.strides[column] as number;
      words[9] = batch(a);
      words[10] = b.strides[row] as number;
      words[11] = b.strides[column] as number;
      words[12] = batch(b);
      run(batches, out.shape[row] as number, a.shape[column] as number, out.shape[column] as number);
    },
    linear(x, weight, bias, out) {
      if (!areFloat32(x)) return reference.linear(x, weight, bias, out);
      const [m, n] = out.shape as [number, number];
      const k = x.shape[1] as number;
      const { words } = runtime;
      words[0] = addressOf(x);
      words[1] = addressOf(weight);
      words[2] = bias === null ? 0 : addressOf(bias);
      words[3] = addressOf(out);
      words[7] = k;
      words[8] = 1;
      words[9] = 0;
      words[10] = 1; // the weight is [n, k]: its transpose is what is multiplied with
      words[11] = k;
      words[12] = 0;
      run(1, m, k, n);
    },
  };

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
