import type { Backend, BinaryOp, Kernels, Operand, Shape, UnaryOp } from "@dropwise/core/backend";
import { isComparison, sizeOf } from "@dropwise/core/backend";
import { addressOf, areFloat32, type Runtime, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "unary" | "binary">>;

/** The functions of `unary.hpp`, by their number there, and about what an element takes. The others run as reference kernels. */
const UNARY: Partial<Record<UnaryOp, { code: number; ns: number }>> = {
  neg: { code: 0, ns: 0.1 },
  abs: { code: 1, ns: 0.1 },
  sqrt: { code: 2, ns: 0.4 },
  relu: { code: 3, ns: 0.1 },
  exp: { code: 4, ns: 2 },
  sigmoid: { code: 5, ns: 2.5 },
  tanh: { code: 6, ns: 3 },
};

/** The functions of `binary.hpp`, in its order. */
const BINARY: readonly BinaryOp[] = [
  "add",
  "sub",
  "mul",
  "div",
  "minimum",
  "maximum",
  "reluGrad",
  "sigmoidGrad",
  "tanhGrad",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
];

const BINARY_NS = 0.15;

/** Dimensions that the kernel can walk, `kMaxRank`. */
const MAX_RANK = 8;

/** Elementwise maps of float32; everything else goes to the reference kernels. */
export function elementwise(runtime: Runtime, reference: Kernels): Members {
  return {
    unary(op, x, out) {
      const known = UNARY[op];
      if (known === undefined || !areFloat32(x)) return reference.unary(op, x, out);
      const { words } = runtime;
      words[0] = known.code;
      words[1] = addressOf(x);
      words[2] = addressOf(out);
      runtime.run("unary", sizeOf(out.shape), known.ns);
    },
    binary(op, a, b, out) {
      const code = BINARY.indexOf(op);
      const units = sizeOf(out.shape);
      if (code < 0 || !areFloat32(operandOf(a, b), a, b)) return reference.binary(op, a, b, out);
      if (units === 0) return;
      const { words } = runtime;
      if (!writeRows(words, out.shape, a, b)) return reference.binary(op, a, b, out);
      words[0] = code;
      words[1] = typeof a === "number" ? runtime.constant(a) : addressOf(a);
      words[2] = typeof b === "number" ? runtime.constant(b) : addressOf(b);
      // `out` is contiguous; comparisons write bytes.
      words[3] = isComparison(op) ? out.storage.handle.address + out.offset : addressOf(out);
      runtime.run("binary", units, BINARY_NS);
    },
  };
}

// --- internal helpers ---

function operandOf(a: Operand | number, b: Operand | number): Operand {
  return (typeof a === "number" ? b : a) as Operand;
}

const strideOf = (operand: Operand | number, dim: number): number => (typeof operand === "number" ? 0 : (operand.strides[dim] as number));

/**
 * Writes rank, shape and strides of a `BinaryArgs`, neighbouring dimensions merged where both operands step through them as one. False when
 * more remain than the kernel walks. Merged from the last dimension on, into the ends of the three arrays, which are then moved to their starts.
 */
function writeRows(words: Int32Array, shape: Shape, a: Operand | number, b: Operand | number): boolean {
  let first = MAX_RANK;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const size = shape[dim] as number;
    if (size === 1) continue;
    const strideA = strideOf(a, dim);
    const strideB = strideOf(b, dim);
    if (first < MAX_RANK) {
      const inner = words[SHAPE + first] as number;
      if (strideA === (words[STRIDES_A + first] as number) * inner && strideB === (words[STRIDES_B + first] as number) * inner) {
        words[SHAPE + first] = inner * size;
        continue;
      }
    }
    if (first === 0) return false;
    first--;
    words[SHAPE + first] = size;
    words[STRIDES_A + first] = strideA;
    words[STRIDES_B + first] = strideB;
  }
  if (first === MAX_RANK) {
    // One element.
    first--;
    words[SHAPE + first] = 1;
    words[STRIDES_A + first] = 1;
    words[STRIDES_B + first] = 1;
  }
  words[4] = MAX_RANK - first;
  for (let at = SHAPE; at <= STRIDES_B; at += MAX_RANK) words.copyWithin(at, at + first, at + MAX_RANK);
  return true;
}

/** Word offsets in `BinaryArgs`. */
const SHAPE = 5;
const STRIDES_A = SHAPE + MAX_RANK;
const STRIDES_B = STRIDES_A + MAX_RANK;
