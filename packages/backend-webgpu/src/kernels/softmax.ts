import type { Gpu } from "../gpu/gpu";
import { binary } from "./binary";
import { type GpuOperand, operandOf, run } from "./kernel";
import math from "./math.wgsl";
import { reduce } from "./reduce";
import softmaxSource from "./softmax.wgsl";
import gradSource from "./softmax-grad.wgsl";
import { unary } from "./unary";
import values from "./values.wgsl";

/** Softmax, or its logarithm, over the middle of [outer, size, inner]; `out` may be `x`. */
export function softmax(gpu: Gpu, log: boolean, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  if (outer * size * inner === 0) return;
  if (size > MAX_COLUMN) {
    longSoftmax(gpu, log, x, out, outer, size, inner);
    return;
  }
  run(gpu, {
    key: `softmax ${log}`,
    source: [values, math, softmaxSource],
    defines: `const LOG = ${log};`,
    bindings: [
      { name: "x", memory: x.storage.handle, type: "f32", inPlace: x.offset === out.offset },
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [outer * inner, size, inner, x.offset, out.offset],
    threads: outer * inner,
  });
}

/** The gradient of `softmax` from its output `y`; `out` may be `grad`. */
export function softmaxGrad(
  gpu: Gpu,
  log: boolean,
  y: GpuOperand,
  grad: GpuOperand,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  if (outer * size * inner === 0) return;
  if (size > MAX_COLUMN) {
    longSoftmaxGrad(gpu, log, y, grad, out, outer, size, inner);
    return;
  }
  run(gpu, {
    key: `softmaxGrad ${log}`,
    source: [values, math, gradSource],
    defines: `const LOG = ${log};`,
    bindings: [
      { name: "y", memory: y.storage.handle, type: "f32", inPlace: y.offset === out.offset },
      { name: "grad", memory: grad.storage.handle, type: "f32", inPlace: grad.offset === out.offset },
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [outer * inner, size, inner, y.offset, grad.offset, out.offset],
    threads: outer * inner,
  });
}

// --- internal helpers ---

/** The longest column that one thread goes through. */
const MAX_COLUMN = 1024;

/** The data seen as [outer, size, inner], and one value for each column, repeated along it. */
function views(gpu: Gpu, outer: number, size: number, inner: number) {
  const shape = [outer, size, inner];
  const strides = [size * inner, inner, 1];
  const columns = gpu.allocator.scratch(outer * inner);
  return {
    columns,
    whole: (operand: GpuOperand): GpuOperand => ({ ...operand, shape, strides }),
    flat: operandOf(columns, [outer * inner], [1]),
    repeated: operandOf(columns, shape, [inner, 0, 1]),
    scratch: operandOf(gpu.allocator.scratch(outer * size * inner), shape, strides),
  };
}

function longSoftmax(gpu: Gpu, log: boolean, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  const { columns, whole, flat, repeated, scratch } = views(gpu, outer, size, inner);
  const result = whole(out);
  reduce(gpu, "amax", x, flat, outer, size, inner);
  binary(gpu, "sub", whole(x), repeated, result);
  unary(gpu, "exp", result, log ? scratch : result);
  reduce(gpu, "sum", log ? scratch : result, flat, outer, size, inner);
  if (log) unary(gpu, "log", flat, flat);
  binary(gpu, log ? "sub" : "div", result, repeated, result);
  gpu.allocator.reuse(columns);
  gpu.allocator.reuse(scratch.storage.handle);
}

function longSoftmaxGrad(
  gpu: Gpu,
  log: boolean,
  y: GpuOperand,
  grad: GpuOperand,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  const { columns, whole, flat, repeated, scratch } = views(gpu, outer, size, inner);
  if (log) {
    reduce(gpu, "sum", grad, flat, outer, size, inner);
    unary(gpu, "exp", whole(y), scratch);
    binary(gpu, "mul", scratch, repeated, scratch);
    binary(gpu, "sub", whole(grad), scratch, whole(out));
  } else {
    binary(gpu, "mul", whole(grad), whole(y), scratch);
    reduce(gpu, "sum", scratch, flat, outer, size, inner);
    binary(gpu, "sub", whole(grad), repeated, scratch);
    binary(gpu, "mul", whole(y), scratch, whole(out));
  }
  gpu.allocator.reuse(columns);
  gpu.allocator.reuse(scratch.storage.handle);
}
