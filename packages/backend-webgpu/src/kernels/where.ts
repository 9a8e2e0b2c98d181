import type { Gpu } from "../gpu/gpu";
import { elementwise, type Value } from "./elementwise";
import { type GpuOperand, typeOf } from "./kernel";

/** `out = condition ? a : b` for strided operands or numbers. */
export function where(gpu: Gpu, condition: GpuOperand, a: Value, b: Value, out: GpuOperand): void {
  const { dtype } = out.storage;
  const type = typeOf(dtype);
  elementwise(gpu, {
    key: `where ${type}`,
    op: `fn op(condition: u32, x: ${type}, y: ${type}) -> ${type} { return select(y, x, condition != 0u); }`,
    operands: [
      { value: condition, dtype: "bool" },
      { value: a, dtype },
      { value: b, dtype },
    ],
    out,
  });
}
