import type { Backend, Kernels, ReduceOp } from "@dropwise/core/backend";
import { areFloat32, elementsOf, type Runtime, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "reduce" | "softmax" | "softmaxGrad">>;

/** The reductions of `reduce.hpp`, in its order. */
const REDUCE: readonly ReduceOp[] = ["sum", "amax", "amin", "argmax"];

/** Longer rows are summed in pieces of this many elements, `kPiece`. */
const PIECE = 16384;

/** Columns of one unit when inner > 1, `kColumnBlock`. */
const COLUMN_BLOCK = 128;

const SUM_NS = 0.3;
const ARGMAX_NS = 1;
const SOFTMAX_NS = 3;

/** Reductions and softmax of float32; other dtypes go to the reference kernels. */
export function reduce(runtime: Runtime, reference: Kernels): Members {
  return {
    reduce(op, x, out, outer, size, inner) {
      const code = REDUCE.indexOf(op);
      if (code < 0 || !areFloat32(x)) return reference.reduce(op, x, out, outer, size, inner);
      const from = runtime.operand(op, x, elementsOf(outer, size, inner));
      const to = runtime.operand(op, out, elementsOf(outer, 1, inner), op === "argmax" ? "int32" : "float32");
      if (op !== "sum" && size === 0) throw new RangeError(`${op}: expected at least one element to reduce, got none`);
      if (outer * inner === 0) return;
      const ns = op === "argmax" ? ARGMAX_NS : SUM_NS;
      const pieces = op === "sum" && inner === 1 ? Math.max(1, Math.ceil(size / PIECE)) : 1;
      const partialBytes = pieces > 1 ? 8 * outer * pieces : 0;
      const partials = partialBytes > 0 ? runtime.borrow(partialBytes) : 0;
      const { words } = runtime;
      words[0] = code;
      words[1] = from;
      words[2] = to;
      words[3] = partials;
      words[4] = outer;
      words[5] = size;
      words[6] = inner;
      if (inner > 1) runtime.run("reduce", outer * Math.ceil(inner / COLUMN_BLOCK), size * Math.min(inner, COLUMN_BLOCK) * ns);
      else runtime.run("reduce", outer * pieces, (size / pieces) * ns);
      if (partialBytes > 0) {
        runtime.run("sumPieces", outer, pieces);
        runtime.giveBack(partials, partialBytes);
      }
    },
    softmax(log, x, out, outer, size, inner) {
      if (!areFloat32(x)) return reference.softmax(log, x, out, outer, size, inner);
      const length = elementsOf(outer, size, inner);
      const { words } = runtime;
      words[0] = runtime.operand("softmax", x, length);
      words[1] = 0;
      words[2] = runtime.operand("softmax", out, length);
      if (length === 0) return;
      words[3] = outer;
      words[4] = size;
      words[5] = inner;
      words[6] = Number(log);
      runSoftmax("softmax", outer, size, inner);
    },
    softmaxGrad(log, y, grad, out, outer, size, inner) {
      if (!areFloat32(y)) return reference.softmaxGrad(log, y, grad, out, outer, size, inner);
      const length = elementsOf(outer, size, inner);
      const { words } = runtime;
      words[0] = runtime.operand("softmax", y, length);
      words[1] = runtime.operand("softmax", grad, length);
      words[2] = runtime.operand("softmax", out, length);
      if (length === 0) return;
      words[3] = outer;
      words[4] = size;
      words[5] = inner;
      words[6] = Number(log);
      runSoftmax("softmaxGrad", outer, size, inner);
    },
  };

  /** A unit is a row, or neighbouring columns. */
  function runSoftmax(name: "softmax" | "softmaxGrad", outer: number, size: number, inner: number): void {
    runtime.run(name, outer * Math.ceil(inner / COLUMN_BLOCK), size * Math.min(inner, COLUMN_BLOCK) * SOFTMAX_NS);
  }
}

/** Sums `[size, inner]` at one address over its first dimension, to `[inner]` at another. */
export function sumColumns(runtime: Runtime, from: number, to: number, size: number, inner: number): void {
  const { words } = runtime;
  words[0] = REDUCE.indexOf("sum");
  words[1] = from;
  words[2] = to;
  words[3] = 0;
  words[4] = 1;
  words[5] = size;
  words[6] = inner;
  const units = inner > 1 ? Math.ceil(inner / COLUMN_BLOCK) : 1;
  runtime.run("reduce", units, (size * inner * SUM_NS) / units);
}
