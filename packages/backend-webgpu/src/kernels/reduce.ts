import type { DType, ReduceOp } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import extremeSource from "./extreme.wgsl";
import { type GpuOperand, run, typeOf } from "./kernel";
import { fill } from "./movement";
import sumSource from "./sum.wgsl";
import values from "./values.wgsl";

/** Reduces the middle of `x`, [outer, size, inner], to `out` [outer, inner], in as many passes as its length needs. */
export function reduce(gpu: Gpu, op: ReduceOp, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  if (outer * inner === 0) return;
  if (op === "sum") sum(gpu, x, out, outer, size, inner);
  else extreme(gpu, op, x, out, outer, size, inner);
}

// --- internal helpers ---

/** How many threads share a column of `size`: about its square root for two short passes, at most 256 elements for each. */
function partsOf(size: number): number {
  const each = Math.min(256, Math.max(64, Math.ceil(Math.sqrt(size))));
  return Math.ceil(size / each);
}

function sum(gpu: Gpu, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  if (size === 0) {
    fill(gpu, { ...out, shape: [outer * inner], strides: [1] }, 0);
    return;
  }
  const result = typeOf(out.storage.dtype);
  let type = typeOf(x.storage.dtype);
  let from = { memory: x.storage.handle, offset: x.offset };
  for (let left = size, done = false; !done; ) {
    const parts = partsOf(left);
    done = parts === 1;
    const to = done
      ? { memory: out.storage.handle, offset: out.offset }
      : { memory: gpu.allocator.scratch(outer * parts * inner), offset: 0 };
    const n = outer * parts * inner;
    run(gpu, {
      key: `sum ${type} ${result}`,
      source: [sumSource],
      defines: `alias O = ${result};`,
      bindings: [
        { name: "x", memory: from.memory, type },
        { name: "out", memory: to.memory, type: result, write: true },
      ],
      params: [n, left, parts, inner, from.offset, to.offset],
      threads: n,
    });
    if (from.memory !== x.storage.handle) gpu.allocator.reuse(from.memory);
    from = to;
    type = result;
    left = parts;
  }
}

function extreme(
  gpu: Gpu,
  op: "amax" | "amin" | "argmax",
  x: GpuOperand,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  const type = typeOf(x.storage.dtype);
  let positions: GpuMemory | null = null;
  for (let left = size, done = false; !done; ) {
    const parts = partsOf(left);
    done = parts === 1;
    const n = outer * parts * inner;
    const memory = done ? out.storage.handle : gpu.allocator.scratch(n);
    const values_ = done && op !== "argmax";
    const later = positions === null ? [] : [{ name: "positions", memory: positions, type: "i32" }];
    run(gpu, {
      key: `extreme ${op} ${type} ${done} ${later.length}`,
      source: [values, extremeSource],
      defines: [
        `fn key(x: ${type}) -> u32 { return ${keyOf(op, x.storage.dtype)}; }`,
        `fn position(s: u32, o: u32, i: u32) -> u32 { return ${later.length === 0 ? "s" : "u32(load_positions((o * p.size + s) * p.inner + i))"}; }`,
        `fn result(best: u32, start: u32) -> ${values_ ? `${type} { return load_x(start + best * p.inner)` : "i32 { return i32(best)"}; }`,
      ].join("\n"),
      bindings: [
        { name: "x", memory: x.storage.handle, type },
        ...later,
        { name: "out", memory, type: values_ ? type : "i32", write: true },
      ],
      params: [n, left, parts, inner, x.offset, done ? out.offset : 0, size],
      threads: n,
    });
    if (positions !== null) gpu.allocator.reuse(positions);
    positions = memory;
    left = parts;
  }
}

/** The WGSL of a u32 that is largest for the element sought. amax puts +0 above -0, as Math.max does; argmax takes them for equal. */
function keyOf(op: "amax" | "amin" | "argmax", dtype: DType): string {
  const float = dtype === "float32";
  if (op === "argmax") return `order_${typeOf(dtype)}(x)`;
  if (op === "amax") return float ? "key_f32(x)" : `order_${typeOf(dtype)}(x)`;
  return float ? "select(~key_f32(x), 0xffffffffu, is_nan(x))" : `~order_${typeOf(dtype)}(x)`;
}
