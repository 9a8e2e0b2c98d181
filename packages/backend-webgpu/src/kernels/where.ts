import { sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { offsetOf, stridesOf } from "./binary";
import { type Binding, bitsOf, type GpuOperand, run, typeOf } from "./kernel";
import { dimsOf } from "./layout";
import strided from "./strided.wgsl";
import source from "./where.wgsl";

/** `out = condition ? a : b` for strided operands or numbers. */
export function where(gpu: Gpu, condition: GpuOperand, a: GpuOperand | number, b: GpuOperand | number, out: GpuOperand): void {
  const { dtype } = out.storage;
  const type = typeOf(dtype);
  const dims = dimsOf(out.shape, [condition.strides, stridesOf(a, out), stridesOf(b, out)]);
  const n = sizeOf(out.shape);
  const reads: Binding[] = [{ name: "condition", memory: condition.storage.handle, type: "u32" }];
  let defines = `const RANK = ${dims.rank}u;\n`;
  for (const [name, operand] of [["a", a] as const, ["b", b] as const]) {
    if (typeof operand === "number") defines += `fn load_${name}(i: u32) -> ${type} { return bitcast<${type}>(p.number_${name}); }\n`;
    else reads.push({ name, memory: operand.storage.handle, type });
  }
  run(gpu, {
    key: `where ${type} ${dims.rank}`,
    source: [strided, source],
    defines,
    bindings: [...reads, { name: "out", memory: out.storage.handle, type, write: true }],
    params: [
      ...dims.words,
      condition.offset,
      offsetOf(a),
      offsetOf(b),
      0,
      n,
      out.offset,
      typeof a === "number" ? bitsOf(a, dtype) : 0,
      typeof b === "number" ? bitsOf(b, dtype) : 0,
    ],
    threads: n,
  });
}
