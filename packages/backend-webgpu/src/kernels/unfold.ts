import { sizeOf, type WindowSpec } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import foldSource from "./fold.wgsl";
import { floatBits, type GpuOperand, run } from "./kernel";
import unfoldSource from "./unfold.wgsl";
import values from "./values.wgsl";
import { windowOf } from "./window";
import windowSource from "./window.wgsl";

/** Images `[N, C, ...sizes]` to their windows as columns. */
export function unfold(gpu: Gpu, spec: WindowSpec, x: GpuOperand, out: GpuOperand): void {
  call(gpu, "unfold", [values, windowSource, unfoldSource], spec, x.shape.slice(2), x, out);
}

/** Columns back to images, summed where windows overlap. */
export function fold(gpu: Gpu, spec: WindowSpec, x: GpuOperand, out: GpuOperand): void {
  call(gpu, "fold", [windowSource, foldSource], spec, out.shape.slice(2), x, out);
}

// --- internal helpers ---

function call(
  gpu: Gpu,
  key: string,
  source: readonly string[],
  spec: WindowSpec,
  image: readonly number[],
  x: GpuOperand,
  out: GpuOperand,
): void {
  const n = sizeOf(out.shape);
  run(gpu, {
    key,
    source,
    defines: () => "",
    bindings: [
      { name: "x", memory: x.storage.handle, type: "f32" },
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [...windowOf(spec, image, spec.outSizes), n, x.offset, out.offset, floatBits(spec.padValue)],
    threads: n,
  });
}
