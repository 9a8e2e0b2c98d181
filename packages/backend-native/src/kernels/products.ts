import type { Kernels } from "@dropwise/core/backend";
import { type Call, Kernel, reach, repeats } from "../call";
import { isFloat32, type Members, type Op } from "./shared";

/** Matrix products. */
export function products(call: Call, reference: Kernels): Members<"matmul" | "linear"> {
  return {
    matmul(a, b, out) {
      if (!isFloat32(a)) return reference.matmul(a, b, out);
      const rank = out.shape.length;
      const row = rank - 2;
      const column = rank - 1;
      const batches = rank === 3 ? (out.shape[0] as number) : 1;
      const m = out.shape[row] as number;
      const k = a.shape[column] as number;
      const n = out.shape[column] as number;
      call.begin(Kernel.matmul).number(batches).number(m).number(k).number(n).number(0);
      const extentA = stepsOf(call, a, batches, m, k);
      const extentB = stepsOf(call, b, batches, k, n);
      call
        .operand("matmul", a, extentA)
        .operand("matmul", b, extentB)
        .operand("matmul", out, batches * m * n)
        .run();
    },
    linear(x, weight, bias, out) {
      if (!isFloat32(x)) return reference.linear(x, weight, bias, out);
      const [m, n] = out.shape as [number, number];
      const k = x.shape[1] as number;
      call
        .begin(Kernel.matmul)
        .number(1)
        .number(m)
        .number(k)
        .number(n)
        .number(bias === null ? 0 : 1);
      // The weight is [n, k]: its transpose is what is multiplied with.
      call.number(k).number(1).number(0).number(1).number(k).number(0);
      call
        .operand("linear", x, m * k)
        .operand("linear", weight, n * k)
        .operand("linear", out, m * n);
      if (bias !== null) call.operand("linear", bias, n);
      call.run();
    },
  };
}

// --- internal helpers ---

/** Writes the strides of a factor of a matrix product; how many elements it spans. */
function stepsOf(call: Call, { strides }: Op, batches: number, rows: number, columns: number): number {
  const rank = strides.length;
  const row = strides[rank - 2] as number;
  const column = strides[rank - 1] as number;
  const batch = rank === 3 ? (strides[0] as number) : 0;
  const isEmpty = batches * rows * columns === 0;
  call
    .number(isEmpty || rows === 1 ? 0 : row)
    .number(isEmpty || columns === 1 ? 0 : column)
    .number(isEmpty || batches === 1 ? 0 : batch);
  if (isEmpty) return 0;
  const extent = 1 + reach(rows, row) + reach(columns, column);
  if (extent < rows * columns) throw repeats("matmul");
  return extent + reach(batches, batch);
}
