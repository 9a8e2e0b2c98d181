import type { Activation, Backend, BinaryOp, Kernels, Operand, Shape, UnaryOp } from "@dropwise/core/backend";
import { isComparison, sizeOf } from "@dropwise/core/backend";
import { areFloat32, type Runtime, reach, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "unary" | "binary" | "activation" | "activationGrad">>;

/** The functions of `unary.hpp`, by their number there, and about what an element takes. The others run as reference kernels. */
const UNARY: Partial<Record<UnaryOp, { code: number; ns: number }>> = {
  neg: { code: 0, ns: 0.1 },
  abs: { code: 1, ns: 0.1 },
  sqrt: { code: 2, ns: 0.4 },
  relu: { code: 3, ns: 0.1 },
  exp: { code: 4, ns: 2 },
  sigmoid: { code: 5, ns: 2.5 },
  tanh: { code: 6, ns: 3 },
  floor: { code: 7, ns: 0.4 },
  ceil: { code: 8, ns: 0.4 },
  round: { code: 9, ns: 0.4 },
  sign: { code: 10, ns: 0.2 },
  sin: { code: 11, ns: 3 },
  cos: { code: 12, ns: 3 },
  rsqrt: { code: 13, ns: 0.8 },
  expm1: { code: 14, ns: 2.5 },
  log: { code: 15, ns: 3 },
  log1p: { code: 16, ns: 4 },
  erf: { code: 17, ns: 4 },
  softplus: { code: 18, ns: 5 },
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

/** The activations of `activation.hpp`, in its order. */
const ACTIVATIONS: readonly Activation[] = ["gelu", "geluTanh", "silu"];

const BINARY_NS = 0.15;
const ACTIVATION_NS = 4;

/** Dimensions that the kernel can walk, `kMaxRank`. */
const MAX_RANK = 8;

/** Elementwise maps of float32; everything else goes to the reference kernels. */
export function elementwise(runtime: Runtime, reference: Kernels): Members {
  return {
    unary(op, x, out) {
      const known = UNARY[op];
      if (known === undefined || !areFloat32(x)) return reference.unary(op, x, out);
      const units = sizeOf(out.shape);
      const { words } = runtime;
      words[0] = known.code;
      words[1] = runtime.operand(op, x, units);
      words[2] = runtime.operand(op, out, units);
      runtime.run("unary", units, known.ns);
    },
    binary(op, a, b, out) {
      const code = BINARY.indexOf(op);
      if (code < 0 || !areFloat32(operandOf(a, b), a, b)) return reference.binary(op, a, b, out);
      const { words } = runtime;
      if (!writeRows(words, out.shape, a, b)) return reference.binary(op, a, b, out);
      const units = found[0] as number;
      words[0] = code;
      words[1] = typeof a === "number" ? runtime.constant(a) : runtime.operand(op, a, found[1] as number);
      words[2] = typeof b === "number" ? runtime.constant(b) : runtime.operand(op, b, found[2] as number);
      // `out` is contiguous; comparisons write bytes.
      words[3] = runtime.operand(op, out, units, isComparison(op) ? "bool" : "float32");
      if (units === 0) return;
      runtime.run("binary", units, BINARY_NS);
    },
    activation: (kind, x, out) => activation(kind, x, null, out),
    activationGrad: activation,
  };

  function activation(kind: Activation, x: Operand<WasmHandle>, grad: Operand<WasmHandle> | null, out: Operand<WasmHandle>): void {
    const units = sizeOf(out.shape);
    const { words } = runtime;
    words[0] = ACTIVATIONS.indexOf(kind);
    words[1] = runtime.operand(kind, x, units);
    words[2] = grad === null ? 0 : runtime.operand(kind, grad, units);
    words[3] = runtime.operand(kind, out, units);
    if (units > 0) runtime.run("activation", units, ACTIVATION_NS);
  }
}

// --- internal helpers ---

function operandOf(a: Operand | number, b: Operand | number): Operand {
  return (typeof a === "number" ? b : a) as Operand;
}

const strideOf = (operand: Operand | number, dim: number): number => (typeof operand === "number" ? 0 : (operand.strides[dim] as number));

/** What `writeRows` found out beside: the elements of the result, and how many each operand spans. One array, so that a call makes none. */
const found = new Float64Array(3);

/**
 * Writes rank, shape and strides of a `BinaryArgs`, neighbouring dimensions merged where both operands step through them as one. False when
 * more remain than the kernel walks. Merged from the last dimension on, into the ends of the three arrays, which are then moved to their starts.
 */
function writeRows(words: Int32Array, shape: Shape, a: Operand | number, b: Operand | number): boolean {
  let first = MAX_RANK;
  let units = 1;
  let extentA = 1;
  let extentB = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const size = shape[dim] as number;
    if (size === 1) continue;
    units *= size;
    if (size === 0) continue;
    const strideA = strideOf(a, dim);
    const strideB = strideOf(b, dim);
    extentA += reach(size, strideA);
    extentB += reach(size, strideB);
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
  found[0] = units;
  found[1] = units === 0 ? 0 : extentA;
  found[2] = units === 0 ? 0 : extentB;
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
