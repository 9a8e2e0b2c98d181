/**
 * The reference kernels as a backend's members, over any host memory. They are the definition of each operation: where documents and
 * these disagree, these are right.
 */
import type { Backend, Operand } from "../backend/backend";
import type { DefinedUnary, UnaryFunction, View } from "../backend/kernels";
import { isContiguous, sizeOf } from "../shape/shape";
import { binary, where } from "./binary";
import { dropout } from "./dropout";
import { hostOperand } from "./host-operand";
import { matmul, matrix } from "./matmul";
import { copy } from "./movement";
import { reduce } from "./reduce";
import { UNARY, unary } from "./unary";

/** The members of a backend that tensors' own methods are made of. */
export type FamilyKernels = Required<Pick<Backend, "unary" | "binary" | "reduce" | "where" | "matmul" | "copy" | "fill" | "dropout">>;

/**
 * The op families on the typed arrays that `view` gives, with the functions that every program carries. Other functions and members have their reference beside the kernels (`referenceGather`, `referenceSoftmax`
 * and the like), so that only a program that uses one takes it along.
 */
export function referenceFamilies(view: View): FamilyKernels & DefinedUnary {
  const host = (operand: Operand) => hostOperand(view, operand, operand.storage.dtype, operand.shape.length);
  return {
    unary: (op: keyof typeof UNARY, x: Operand, out: Operand, definition: UnaryFunction = UNARY[op]) =>
      unary(definition, view(x.storage), x.offset, view(out.storage), out.offset, sizeOf(out.shape)),
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
    fill: (out, value) => void view(out.storage).fill(value, out.offset, out.offset + sizeOf(out.shape)),
    dropout: (spec, x, out) => dropout(spec, host(x), isContiguous(x.shape, x.strides) ? 1 : 0, host(out)),
  };
}
