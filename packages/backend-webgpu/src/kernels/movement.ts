import { type DType, isContiguous, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { elementwise } from "./elementwise";
import gatherSource from "./gather.wgsl";
import { type GpuOperand, run, typeOf } from "./kernel";
import scatterAddSource from "./scatter-add.wgsl";
import { transposed } from "./transpose";
import values from "./values.wgsl";

/** Copies `x` into `out`, any strides on both, converting dtypes. Contiguous data of one dtype needs no kernel. */
export function copy(gpu: Gpu, x: GpuOperand, out: GpuOperand): void {
  const n = sizeOf(out.shape);
  if (n === 0) return;
  const from = x.storage;
  const to = out.storage;
  if (from.dtype === to.dtype && from.handle !== to.handle && isContiguous(x.shape, x.strides) && isContiguous(out.shape, out.strides)) {
    const { allocator, recorder } = gpu;
    for (const { handle } of [from, to]) allocator.check("copy", handle);
    const move = {
      from: allocator.bufferOf(from.handle),
      fromOffset: x.offset * 4,
      to: allocator.bufferOf(to.handle),
      toOffset: out.offset * 4,
      bytes: n * 4,
    };
    recorder.copy(move, [from.handle, to.handle]);
    return;
  }
  const op = {
    key: `copy ${from.dtype} ${to.dtype}`,
    files: [values],
    text: `fn op(x: ${typeOf(from.dtype)}) -> ${typeOf(to.dtype)} { return ${conversion(from.dtype, to.dtype)}; }`,
  };
  if (transposed(gpu, op, x, out)) return;
  elementwise(gpu, { key: op.key, files: op.files, op: op.text, operands: [{ value: x, dtype: from.dtype }], out });
}

/** Sets every element of `out`. */
export function fill(gpu: Gpu, out: GpuOperand, value: number): void {
  const { dtype } = out.storage;
  const type = typeOf(dtype);
  elementwise(gpu, { key: `fill ${type}`, op: `fn op(x: ${type}) -> ${type} { return x; }`, operands: [{ value, dtype }], out });
}

/** `out[o, j, i] = x[o, index[o, j, i], i]`; an index outside gives NaN, or 0 for integers, since the device cannot throw. */
export function gather(gpu: Gpu, x: GpuOperand, index: GpuOperand, out: GpuOperand): void {
  const type = typeOf(x.storage.dtype);
  const [, along, inner] = x.shape as [number, number, number];
  const n = sizeOf(out.shape);
  run(gpu, {
    key: `gather ${type}`,
    source: [values, gatherSource],
    defines: () => `fn outside() -> ${type} { return ${type === "f32" ? "not_a_number()" : `${type}(0)`}; }`,
    bindings: [
      { name: "index", memory: index.storage.handle, type: "i32" },
      { name: "x", memory: x.storage.handle, type },
      { name: "out", memory: out.storage.handle, type, write: true },
    ],
    params: [index.offset, x.offset, out.offset, 0, ...index.strides, 0, n, along, out.shape[1] as number, inner],
    threads: n,
  });
}

/** `out[o, index[o, j, i], i] += x[o, j, i]` in the order of j; indices outside are skipped. Cut in dispatches that no driver takes for a hung one. */
export function scatterAdd(gpu: Gpu, index: GpuOperand, x: GpuOperand, out: GpuOperand): void {
  const type = typeOf(x.storage.dtype);
  const [outer, count, inner] = x.shape as [number, number, number];
  const columns = outer * inner;
  for (let first = 0; first < count; first += MAX_SCATTER_STEPS) {
    const last = Math.min(count, first + MAX_SCATTER_STEPS);
    run(gpu, {
      key: `scatterAdd ${type}`,
      source: [scatterAddSource],
      defines: () => "",
      bindings: [
        { name: "index", memory: index.storage.handle, type: "i32" },
        { name: "x", memory: x.storage.handle, type },
        { name: "out", memory: out.storage.handle, type, write: true },
      ],
      params: [
        ...[index.offset, x.offset, out.offset, 0, ...index.strides, 0],
        ...[columns, out.shape[1] as number, count, inner, first, last, 0, 0],
      ],
      threads: columns,
    });
  }
}

// --- internal helpers ---

/** Steps that one thread takes in one dispatch of scatterAdd. Some drivers end a loop after 65,535. */
const MAX_SCATTER_STEPS = 2 ** 15;

/** The WGSL that converts `x`, as storing it to a typed array of the new dtype does; to bool: `!= 0`. */
function conversion(from: DType, to: DType): string {
  if (from === to) return "x";
  if (to === "bool") return from === "int32" ? "u32(x != 0)" : "f32_to_bool(x)";
  if (to === "int32") return from === "bool" ? "i32(x)" : "f32_to_i32(x)";
  return from === "bool" ? "f32(x)" : "i32_to_f32(x)";
}
