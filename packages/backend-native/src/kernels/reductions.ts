import type { Kernels, ReduceOp } from "@dropwise/core/backend";
import { type Call, Kernel } from "../call";
import { isFloat32, type Members } from "./shared";

/** The reductions of `reduce.hpp`, in its order. */
const REDUCE: readonly ReduceOp[] = ["sum", "amax", "amin", "argmax"];

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
