import type { ReduceOp } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import extreme from "./extreme.wgsl";
import { type Binding, type GpuOperand, run, typeOf } from "./kernel";
import { fill } from "./movement";
import source from "./reduce.wgsl";
import sum from "./sum.wgsl";
import { columnsOf } from "./team";
import team from "./team.wgsl";
import values from "./values.wgsl";

/** Reduces the middle of `x`, [outer, size, inner], to `out` [outer, inner], in as many passes as its length needs. */
export function reduce(gpu: Gpu, op: ReduceOp, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  if (outer * inner === 0) return;
  if (size === 0) {
    fill(gpu, { ...out, shape: [outer * inner], strides: [1] }, 0);
    return;
  }
  const to = typeOf(out.storage.dtype);
  let from: Input = { memory: x.storage.handle, offset: x.offset, type: typeOf(x.storage.dtype) };
  let positions: GpuMemory | null = null;
  for (let left = size, done = false; !done; ) {
    const columns = columnsOf(outer, left, inner, positions === null ? from.offset : null);
    const { parts, lanes } = columns;
    done = parts === 1;
    const length = outer * parts * inner;
    const memory = done ? out.storage.handle : gpu.allocator.scratch(length);
    const read = lanes > 1 ? `vec4<${from.type}>` : from.type;
    const bindings: Binding[] = [{ name: "x", memory: from.memory, type: read }];
    if (positions !== null) bindings.push({ name: "positions", memory: positions, type: "i32" });
    run(gpu, {
      key: `reduce ${op} ${from.type} ${to} ${lanes} ${positions !== null}`,
      source: [team, ...(op === "sum" ? [sum] : [values, extreme]), source],
      defines: () =>
        `const LANES = ${lanes}u;\nalias T = ${from.type};\nalias O = ${to};\n${access(lanes, read, positions !== null)}${op === "sum" ? "" : definitions(op, from.type)}`,
      bindings: [...bindings, { name: "out", memory, type: to, write: true }],
      params: [
        columns.count * parts,
        columns.size,
        columns.chunk,
        parts,
        columns.inner,
        columns.offset ?? from.offset,
        done ? out.offset : 0,
        size,
        columns.team,
        columns.along,
      ],
      groups: Math.ceil((columns.count * parts) / columns.perGroup),
    });
    if (op === "argmax") {
      if (positions !== null) gpu.allocator.reuse(positions);
      positions = memory;
    } else {
      if (from.memory !== x.storage.handle) gpu.allocator.reuse(from.memory);
      from = { memory, offset: 0, type: to };
    }
    left = parts;
  }
}

// --- internal helpers ---

interface Input {
  readonly memory: GpuMemory;
  readonly offset: number;
  readonly type: "f32" | "i32" | "u32";
}

/** How a pass reads x: what is side by side, or, in those after the first of argmax, at the positions that the one before found. */
function access(lanes: number, read: string, byPosition: boolean): string {
  const place = byPosition ? "u32(load_positions((o * p.size + s) * p.inner + i))" : "s";
  const size = byPosition ? "p.full_size" : "p.size";
  return [
    `fn place_at(o: u32, s: u32, i: u32) -> u32 { return ${place}; }`,
    `fn value_at(o: u32, s: u32, i: u32) -> ${read} { return load_x(p.x_offset + (o * ${size} + place_at(o, s, i)) * p.inner + i); }`,
    `fn lane_of(value: ${read}, lane: u32) -> T { return value${lanes > 1 ? "[lane]" : ""}; }\n`,
  ].join("\n");
}

/** What extreme.wgsl asks for: a u32 that is largest for the element sought. amax puts +0 above -0, as Math.max does; argmax takes them for equal. */
function definitions(op: "amax" | "amin" | "argmax", type: "f32" | "i32" | "u32"): string {
  const float = type === "f32";
  const key = {
    argmax: `order_${type}(x)`,
    amax: float ? "key_f32(x)" : `order_${type}(x)`,
    amin: float ? "select(~key_f32(x), 0xffffffffu, is_nan(x))" : `~order_${type}(x)`,
  }[op];
  const result = op === "argmax" ? "return i32(best.place);" : "return best.value;";
  return `fn key(x: T) -> u32 { return ${key}; }\nfn result(best: Running) -> O { ${result} }\n`;
}
