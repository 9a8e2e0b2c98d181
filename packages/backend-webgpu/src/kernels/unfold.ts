import { sizeOf, type WindowSpec } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import foldSource from "./fold.wgsl";
import { floatBits, type GpuOperand, run } from "./kernel";
import unfoldSource from "./unfold.wgsl";
import values from "./values.wgsl";
import windowsSource from "./windows.wgsl";

/** Images `[N, C, ...sizes]` to their windows as columns. */
export function unfold(gpu: Gpu, spec: WindowSpec, x: GpuOperand, out: GpuOperand): void {
  call(gpu, "unfold", [values, windowsSource, unfoldSource], spec, x.shape.slice(2), x, out);
}

/** Columns back to images, summed where windows overlap. */
export function fold(gpu: Gpu, spec: WindowSpec, x: GpuOperand, out: GpuOperand): void {
  call(gpu, "fold", [windowsSource, foldSource], spec, out.shape.slice(2), x, out);
}

// --- internal helpers ---

function call(
  gpu: Gpu,
  key: string,
  source: readonly string[],
  spec: WindowSpec,
  sizes: readonly number[],
  x: GpuOperand,
  out: GpuOperand,
): void {
  const n = sizeOf(out.shape);
  // Three numbers, where a missing dimension comes first, and a fourth word of its own.
  const words = (list: readonly number[], missing: number, word = 0) => [...Array(3 - list.length).fill(missing), ...list, word];
  run(gpu, {
    key,
    source,
    defines: "",
    bindings: [
      { name: "x", memory: x.storage.handle, type: "f32" },
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [
      ...words(sizes, 1, x.offset),
      ...words(spec.kernel, 1, out.offset),
      ...words(spec.stride, 1, n),
      ...words(spec.dilation, 1, floatBits(spec.padValue)),
      ...words(spec.padding, 0),
      ...words(spec.outSizes, 1),
    ],
    threads: n,
  });
}
