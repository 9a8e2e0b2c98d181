/** The members of the backend that the addon speeds up. Dtypes and functions it has no kernel for go to core's reference kernels, on the same memory. */
import type { Backend, BinaryOp, Kernels, MaskLayout, Operand, ReduceOp, UnaryOp } from "@dropwise/core/backend";
import { isComparison, isContiguous, sizeOf } from "@dropwise/core/backend";
import { type Call, Kernel, MAX_RANK, reach, repeats } from "./call";
import type { NativeHandle } from "./memory";

type Op = Operand<NativeHandle>;
type Members<K extends keyof Backend> = Required<Pick<Backend<NativeHandle>, K>>;

/** The functions of `unary.hpp`, in its order. */
const UNARY: readonly UnaryOp[] = [
  ...(["neg", "abs", "sqrt", "relu", "exp", "sigmoid", "tanh"] as const),
  ...(["floor", "ceil", "round", "sign", "sin", "cos", "rsqrt"] as const),
];

/** The functions of `binary.hpp`, in its order. */
const BINARY: readonly BinaryOp[] = [
  ...(["add", "sub", "mul", "div", "minimum", "maximum", "reluGrad", "sigmoidGrad", "tanhGrad"] as const),
  ...(["eq", "ne", "lt", "le", "gt", "ge"] as const),
];

/** The reductions of `reduce.hpp`, in its order. */
const REDUCE: readonly ReduceOp[] = ["sum", "amax", "amin", "argmax"];

/** The kinds of layouts of `dropout-layout.hpp`, in its order. */
const LAYOUTS: readonly MaskLayout["kind"][] = ["packed", "spread", "wide", "flat"];

const isFloat32 = (operand: Op | number): boolean => typeof operand === "number" || operand.storage.dtype === "float32";

/** The affine select. */
export function dropout(call: Call, reference: Kernels): Members<"dropout"> {
  return {
    dropout(spec, x, out) {
      const { shape, maskStrides, layout } = spec;
      const rank = shape.length;
      if (rank === 0 || rank > MAX_RANK || x.storage.dtype !== "float32") return reference.dropout(spec, x, out);
      if (layout === undefined) call.begin(Kernel.dropout);
      else {
        call.begin(Kernel.dropoutLayout).number(LAYOUTS.indexOf(layout.kind)).number(layout.width).number(layout.threads);
        call.number(layout.shift).number(layout.low).number(layout.thresholdHi);
      }
      call.number(spec.seedLo).number(spec.seedHi).number(spec.callLo).number(spec.callHi).number(spec.threshold);
      call.number(spec.keepScale).number(spec.keepShift).number(spec.dropValue).number(spec.elementOffset);
      const step = isContiguous(x.shape, x.strides) ? 1 : 0;
      let length = 1;
      call.number(step).number(rank);
      for (let dim = 0; dim < rank; dim++) {
        const size = shape[dim] as number;
        length *= size;
        call.number(size).number(maskStrides[dim] as number);
      }
      call
        .operand("dropout", x, step === 1 ? length : Math.min(1, length))
        .operand("dropout", out, length)
        .run();
    },
  };
}

/** Maps. */
export function elementwise(call: Call, reference: Kernels): Members<"unary" | "binary"> {
  return {
    unary(op, x, out) {
      const code = UNARY.indexOf(op);
      if (code < 0 || !isFloat32(x)) return reference.unary(op, x, out);
      const length = sizeOf(out.shape);
      call.begin(Kernel.unary).number(code).number(length).operand(op, x, length).operand(op, out, length).run();
    },
    binary(op, a, b, out) {
      const code = BINARY.indexOf(op);
      const rank = out.shape.length;
      if (code < 0 || rank > MAX_RANK || !isFloat32(a) || !isFloat32(b)) return reference.binary(op, a, b, out);
      call.begin(Kernel.binary).number(code).number(rank);
      let length = 1;
      let extentA = 1;
      let extentB = 1;
      for (let dim = 0; dim < rank; dim++) {
        const size = out.shape[dim] as number;
        const strideA = typeof a === "number" ? 0 : (a.strides[dim] as number);
        const strideB = typeof b === "number" ? 0 : (b.strides[dim] as number);
        call.dim(size, strideA, strideB);
        length *= size;
        extentA += reach(size, strideA);
        extentB += reach(size, strideB);
      }
      call.number(typeof a === "number" ? 1 : typeof b === "number" ? 2 : 0);
      call.number(typeof a === "number" ? a : typeof b === "number" ? b : 0);
      if (typeof a !== "number") call.operand(op, a, length === 0 ? 0 : extentA);
      if (typeof b !== "number") call.operand(op, b, length === 0 ? 0 : extentB);
      call.operand(op, out, length, isComparison(op) ? "bool" : "float32");
      if (length !== 0) call.run();
    },
  };
}

/** Reductions and softmax. */
export function reductions(call: Call, reference: Kernels): Members<"reduce" | "softmax" | "softmaxGrad"> {
  return {
    reduce(op, x, out, outer, size, inner) {
      if (!isFloat32(x)) return reference.reduce(op, x, out, outer, size, inner);
      const results = outer * inner;
      call.begin(Kernel.reduce).number(REDUCE.indexOf(op)).number(outer).number(size).number(inner);
      call
        .operand(op, x, results * size)
        .operand(op, out, results, op === "argmax" ? "int32" : "float32")
        .run();
    },
    softmax(log, x, out, outer, size, inner) {
      if (!isFloat32(x)) return reference.softmax(log, x, out, outer, size, inner);
      const length = outer * size * inner;
      call.begin(Kernel.softmax).number(Number(log)).number(outer).number(size).number(inner);
      call.operand("softmax", x, length).operand("softmax", out, length).run();
    },
    softmaxGrad(log, y, grad, out, outer, size, inner) {
      if (!isFloat32(y)) return reference.softmaxGrad(log, y, grad, out, outer, size, inner);
      const length = outer * size * inner;
      call.begin(Kernel.softmaxGrad).number(Number(log)).number(outer).number(size).number(inner);
      call.operand("softmax", y, length).operand("softmax", grad, length).operand("softmax", out, length).run();
    },
  };
}

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

/** Optimizer steps. What does not change from element to element is worked out here, in double. */
export function optimizer(call: Call, reference: Kernels): Members<"optimizerStep"> {
  return {
    optimizerStep(spec, param, grad, state) {
      if (![param, grad, ...state].every(isFloat32)) return reference.optimizerStep(spec, param, grad, state);
      const length = sizeOf(param.shape);
      if (spec.kind === "sgd") {
        call
          .begin(Kernel.sgd)
          .number(length)
          .number(state.length === 0 ? 0 : 1)
          .number(spec.lr)
          .number(spec.momentum);
        call
          .number(1 - spec.dampening)
          .number(spec.weightDecay)
          .number(Number(spec.nesterov))
          .number(Number(spec.first));
      } else {
        call
          .begin(Kernel.adam)
          .number(length)
          .number(spec.beta1)
          .number(1 - spec.beta1)
          .number(spec.beta2)
          .number(1 - spec.beta2);
        call
          .number(spec.lr / spec.biasCorrection1)
          .number(Math.sqrt(spec.biasCorrection2))
          .number(spec.eps);
        call.number(spec.decoupled ? 0 : spec.weightDecay).number(spec.decoupled ? 1 - spec.lr * spec.weightDecay : 1);
      }
      call.operand(spec.kind, param, length).operand(spec.kind, grad, length);
      for (const each of state) call.operand(spec.kind, each, length);
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
