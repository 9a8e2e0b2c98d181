import type { BinaryOp, Kernels, UnaryOp } from "@dropwise/core/backend";
import { isComparison, sizeOf } from "@dropwise/core/backend";
import { type Call, Kernel, MAX_RANK, reach } from "../call";
import { isFloat32, type Members } from "./shared";

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
