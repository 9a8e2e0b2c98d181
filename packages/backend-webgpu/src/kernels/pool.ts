import { type PoolOp, sizeOf, type WindowSpec } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import { floatBits, type GpuOperand, run } from "./kernel";
import source from "./pool.wgsl";
import gradSource from "./pool-grad.wgsl";
import values from "./values.wgsl";
import { windowOf } from "./window";
import windowSource from "./window.wgsl";

/** `pool` of the contract. */
export function pool(gpu: Gpu, op: PoolOp, spec: WindowSpec, x: GpuOperand, out: GpuOperand): void {
  overWindows(gpu, op, spec, x, { memory: out.storage.handle, offset: out.offset, type: "f32", value: "value" });
}

/** `poolGrad` of the contract: for a maximum the winners are found again first. */
export function poolGrad(gpu: Gpu, op: PoolOp, spec: WindowSpec, x: GpuOperand | null, grad: GpuOperand, out: GpuOperand): void {
  const n = sizeOf(out.shape);
  const winners = op === "max" ? gpu.allocator.scratch(sizeOf(grad.shape)) : null;
  if (winners !== null) overWindows(gpu, op, spec, x as GpuOperand, { memory: winners, offset: 0, type: "u32", value: "winner" });
  run(gpu, {
    key: `poolGrad ${op}`,
    source: [windowSource, gradSource],
    defines: () => `fn is_won(window: u32, own: u32) -> bool { return ${winners === null ? "true" : "load_winners(window) == own"}; }`,
    bindings: [
      { name: "grad", memory: grad.storage.handle, type: "f32" },
      ...(winners === null ? [] : [{ name: "winners", memory: winners, type: "u32" }]),
      { name: "out", memory: out.storage.handle, type: "f32", write: true },
    ],
    params: [...windowOf(spec, out.shape.slice(2), spec.outSizes), n, grad.offset, out.offset],
    threads: n,
  });
  if (winners !== null) gpu.allocator.reuse(winners);
}

// --- internal helpers ---

/** Runs pool.wgsl and stores its value or its winner. */
function overWindows(
  gpu: Gpu,
  op: PoolOp,
  spec: WindowSpec,
  x: GpuOperand,
  to: { memory: GpuMemory; offset: number; type: "f32" | "u32"; value: "value" | "winner" },
): void {
  const [images, channels] = x.shape as [number, number];
  const n = images * channels * sizeOf(spec.outSizes);
  run(gpu, {
    key: `pool ${op} ${to.value}`,
    source: [values, windowSource, source],
    defines: () => `const IS_MAX = ${op === "max"};\nfn put(n: u32, value: f32, winner: u32) { store_out(p.out_offset + n, ${to.value}); }`,
    bindings: [
      { name: "x", memory: x.storage.handle, type: "f32" },
      { name: "out", memory: to.memory, type: to.type, write: true },
    ],
    params: [...windowOf(spec, x.shape.slice(2), spec.outSizes), n, x.offset, to.offset, floatBits(spec.padValue)],
    threads: n,
  });
}
