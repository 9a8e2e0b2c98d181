import type { Backend, Operand } from "../backend/backend";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";

/** A matrix inside a typed array: where it starts and how far apart its rows and columns are. */
export interface Matrix {
  readonly data: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * `out[i, j] = sum_k a[i, k] * b[k, j] (+ bias[j])` for an m x k and a k x n matrix; `out` is contiguous. Each sum is taken in
 * double, in the order of k, and rounded once. Four rows go together, so that an element of b is read once for four sums.
 */
export function matmul(m: number, k: number, n: number, a: Matrix, b: Matrix, out: TypedArray, outOffset: number, bias?: Matrix): void {
  const { data: x, rowStride, columnStride } = a;
  const { data: y } = b;
  for (let j = 0; j < n; j++) {
    const start = bias === undefined ? 0 : (bias.data[bias.offset + j * bias.columnStride] as number);
    const column = b.offset + j * b.columnStride;
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      let x0 = a.offset + i * rowStride;
      let x1 = x0 + rowStride;
      let x2 = x1 + rowStride;
      let x3 = x2 + rowStride;
      let sum0 = start;
      let sum1 = start;
      let sum2 = start;
      let sum3 = start;
      for (let l = 0, at = column; l < k; l++, at += b.rowStride) {
        const value = y[at] as number;
        sum0 += (x[x0] as number) * value;
        sum1 += (x[x1] as number) * value;
        sum2 += (x[x2] as number) * value;
        sum3 += (x[x3] as number) * value;
        x0 += columnStride;
        x1 += columnStride;
        x2 += columnStride;
        x3 += columnStride;
      }
      const at = outOffset + i * n + j;
      out[at] = sum0;
      out[at + n] = sum1;
      out[at + 2 * n] = sum2;
      out[at + 3 * n] = sum3;
    }
    for (; i < m; i++) {
      let sum = start;
      for (let l = 0; l < k; l++) {
        sum += (x[a.offset + i * rowStride + l * columnStride] as number) * (y[column + l * b.rowStride] as number);
      }
      out[outOffset + i * n + j] = sum;
    }
  }
}

/** One matrix of an operand of rank 2 or 3. */
export function matrix(view: View, operand: Operand, batch: number): Matrix {
  const rank = operand.shape.length;
  const start = rank === 3 ? batch * (operand.strides[0] as number) : 0;
  return {
    data: view(operand.storage),
    offset: operand.offset + start,
    rowStride: operand.strides[rank - 2] as number,
    columnStride: operand.strides[rank - 1] as number,
  };
}

/** `linear` of the contract on host memory. */
export function referenceLinear(view: View): NonNullable<Backend["linear"]> {
  return (x, weight, bias, out) => {
    const [m, n] = out.shape as [number, number];
    const transposed = { ...matrix(view, weight, 0), rowStride: 1, columnStride: x.shape[1] as number };
    const biasRow = bias === null ? undefined : { data: view(bias.storage), offset: bias.offset, rowStride: 0, columnStride: 1 };
    matmul(m, x.shape[1] as number, n, matrix(view, x, 0), transposed, view(out.storage), out.offset, biasRow);
  };
}
