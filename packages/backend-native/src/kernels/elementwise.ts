import type { Activation, BinaryOp, Kernels, UnaryOp } from "@dropwise/core/backend";
import { isComparison, sizeOf } from "@dropwise/core/backend";
import { type Call, Kernel, MAX_RANK, reach } from "../call";
import { isFloat32, type Members } from "./shared";

/** The functions of `unary.hpp`, in its order. */
const UNARY: readonly UnaryOp[] = [
  ...(["neg", "abs", "sqrt", "relu", "exp", "sigmoid", "tanh"] as const),
  ...(["floor", "ceil", "round", "sign", "sin", "cos", "rsqrt", "expm1", "log", "log1p", "erf", "softplus"] as const),
];

/** The functions of `binary.hpp`, in its order. */
const BINARY: readonly BinaryOp[] = [
  ...(["add", "sub", "mul", "div", "minimum", "maximum", "reluGrad", "sigmoidGrad", "tanhGrad"] as const),
  ...(["eq", "ne", "lt", "le", "gt", "ge"] as const),
];

/** The activations of `activation.hpp`, in its order. */
const ACTIVATIONS: readonly Activation[] = ["gelu", "geluTanh", "silu"];

/** Maps. */
export function elementwise(call: Call, reference: Kernels): Members<"unary" | "binary" | "where" | "activation" | "activationGrad"> {
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
    where(condition, a, b, out) {
      const rank = out.shape.length;
      if (rank > MAX_RANK || !isFloat32(out)) return reference.where(condition, a, b, out);
      call.begin(Kernel.where).number(rank);
      let length = 1;
      const extents = [1, 1, 1] as [number, number, number];
      for (let dim = 0; dim < rank; dim++) {
        const size = out.shape[dim] as number;
        call.number(size);
        length *= size;
        for (const i of [0, 1, 2] as const) {
          const operand = i === 0 ? condition : i === 1 ? a : b;
          const stride = typeof operand === "number" || size <= 1 ? 0 : (operand.strides[dim] as number);
          call.number(stride);
          extents[i] += reach(size, stride);
        }
      }
      call.number(typeof a === "number" ? 1 : typeof b === "number" ? 2 : 0);
      call.number(typeof a === "number" ? a : typeof b === "number" ? b : 0);
      const [read, readA, readB] = length === 0 ? [0, 0, 0] : extents;
      call.operand("where", condition, read, "bool");
      if (typeof a !== "number") call.operand("where", a, readA);
      if (typeof b !== "number") call.operand("where", b, readB);
      call.operand("where", out, length);
      if (length !== 0) call.run();
    },
    activation(kind, x, out) {
      const length = sizeOf(out.shape);
      call.begin(Kernel.activation).number(ACTIVATIONS.indexOf(kind)).number(0).number(length);
      call.operand(kind, x, length).operand(kind, out, length).run();
    },
    activationGrad(kind, x, grad, out) {
      const length = sizeOf(out.shape);
      call.begin(Kernel.activation).number(ACTIVATIONS.indexOf(kind)).number(1).number(length);
      call.operand(kind, x, length).operand(kind, grad, length).operand(kind, out, length).run();
    },
  };
}
