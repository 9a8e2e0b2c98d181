/**
 * The reference kernels as a backend's members, over any host memory. They are the definition of each operation: where documents and
 * these disagree, these are right.
 */
import type { Backend, Operand } from "../backend/backend";
import { isContiguous, sizeOf } from "../shape/shape";
import { binary, where } from "./binary";
import { dropout } from "./dropout";
import { hostOperand, type View } from "./host-operand";
import { type Matrix, matmul } from "./matmul";
import { copy, fill, gather, scatterAdd } from "./movement";
import { optimizerStep } from "./optimizer";
import { reduce } from "./reduce";
import { softmax, softmaxGrad } from "./softmax";
import { unary } from "./unary";

/** The members of a backend that compute: all but storage, `info` and `dispose`. */
export type Kernels = Required<Omit<Backend, "name" | "info" | "allocate" | "write" | "read" | "view" | "release" | "dispose">>;

/** Every computing member, run on the typed arrays that `view` gives. */
export function referenceKernels(view: View): Kernels {
  const host = (operand: Operand) => hostOperand(view, operand, operand.storage.dtype, operand.shape.length);
  return {
    unary: (op, x, out) => unary(op, view(x.storage), x.offset, view(out.storage), out.offset, sizeOf(out.shape)),
    binary: (op, a, b, out) => {
      const dtype = typeof a === "number" ? (b as Operand).storage.dtype : a.storage.dtype;
      const rank = out.shape.length;
      binary(op, out.shape, hostOperand(view, a, dtype, rank), hostOperand(view, b, dtype, rank), host(out));
    },
    where: (condition, a, b, out) => {
      const { dtype } = out.storage;
      const rank = out.shape.length;
      where(out.shape, host(condition), hostOperand(view, a, dtype, rank), hostOperand(view, b, dtype, rank), host(out));
    },
    reduce: (op, x, out, outer, size, inner) => reduce(op, view(x.storage), x.offset, view(out.storage), out.offset, outer, size, inner),
    matmul: (a, b, out) => {
      const batches = out.shape.length === 3 ? (out.shape[0] as number) : 1;
      const [m, n] = out.shape.slice(-2) as [number, number];
      const k = a.shape.at(-1) as number;
      for (let batch = 0; batch < batches; batch++) {
        matmul(m, k, n, matrix(view, a, batch), matrix(view, b, batch), view(out.storage), out.offset + batch * m * n);
      }
    },
    copy: (x, out) => copy(out.shape, host(x), host(out)),
    fill: (out, value) => fill(view(out.storage), out.offset, sizeOf(out.shape), value),
    gather: (x, index, out) => gather(x.shape, host(x), host(index), out.shape, host(out)),
    scatterAdd: (index, x, out) => scatterAdd(host(index), x.shape, host(x), out.shape, host(out)),
    dropout: (spec, x, out) => dropout(spec, host(x), isContiguous(x.shape, x.strides) ? 1 : 0, host(out)),
    linear: (x, weight, bias, out) => {
      const [m, n] = out.shape as [number, number];
      const transposed = { ...matrix(view, weight, 0), rowStride: 1, columnStride: x.shape[1] as number };
      const biasRow = bias === null ? undefined : { data: view(bias.storage), offset: bias.offset, rowStride: 0, columnStride: 1 };
      matmul(m, x.shape[1] as number, n, matrix(view, x, 0), transposed, view(out.storage), out.offset, biasRow);
    },
    softmax: (log, x, out, outer, size, inner) =>
      softmax(log, view(x.storage), x.offset, view(out.storage), out.offset, outer, size, inner),
    softmaxGrad: (log, y, grad, out, outer, size, inner) =>
      softmaxGrad(log, view(y.storage), y.offset, view(grad.storage), grad.offset, view(out.storage), out.offset, outer, size, inner),
    optimizerStep: (spec, param, grad, state) => optimizerStep(spec, sizeOf(param.shape), host(param), host(grad), state.map(host)),
  };
}

// --- internal helpers ---

function matrix(view: View, operand: Operand, batch: number): Matrix {
  const rank = operand.shape.length;
  const start = rank === 3 ? batch * (operand.strides[0] as number) : 0;
  return {
    data: view(operand.storage),
    offset: operand.offset + start,
    rowStride: operand.strides[rank - 2] as number,
    columnStride: operand.strides[rank - 1] as number,
  };
}
