import { type OptimizerSpec, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import adamSource from "./adam.wgsl";
import { type Binding, floatBits, type GpuOperand, run } from "./kernel";
import sgdSource from "./sgd.wgsl";
import momentumSource from "./sgd-momentum.wgsl";

/** One step of SGD or Adam, in place. */
export function optimizerStep(gpu: Gpu, spec: OptimizerSpec, param: GpuOperand, grad: GpuOperand, state: readonly GpuOperand[]): void {
  if (spec.kind === "sgd") sgd(gpu, spec, param, grad, state[0]);
  else adam(gpu, spec, param, grad, state[0] as GpuOperand, state[1] as GpuOperand);
}

// --- internal helpers ---

type Sgd = Extract<OptimizerSpec, { kind: "sgd" }>;
type Adam = Extract<OptimizerSpec, { kind: "adam" }>;

const reads = (name: string, operand: GpuOperand): Binding => ({ name, memory: operand.storage.handle, type: "f32" });
const writes = (name: string, operand: GpuOperand): Binding => ({ ...reads(name, operand), write: true });

function sgd(gpu: Gpu, spec: Sgd, param: GpuOperand, grad: GpuOperand, momentum: GpuOperand | undefined): void {
  const { lr, weightDecay, dampening, nesterov, first } = spec;
  const n = sizeOf(param.shape);
  const bindings = [writes("param", param), reads("grad", grad)];
  let source = "fn with_momentum(i: u32, step: f32) -> f32 { return step; }";
  if (momentum !== undefined) {
    source = momentumSource;
    bindings.push(writes("buffer", momentum));
  }
  run(gpu, {
    key: `sgd ${first} ${nesterov}`,
    source: [sgdSource, source],
    defines: () => `const FIRST = ${first};\nconst NESTEROV = ${nesterov};`,
    bindings,
    params: [n, param.offset, grad.offset, momentum?.offset ?? 0, ...[lr, weightDecay, spec.momentum, 1 - dampening].map(floatBits)],
    threads: n,
  });
}

function adam(gpu: Gpu, spec: Adam, param: GpuOperand, grad: GpuOperand, mean: GpuOperand, square: GpuOperand): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1, biasCorrection2 } = spec;
  const n = sizeOf(param.shape);
  const floats = [
    ...[decoupled ? 1 - lr * weightDecay : 1, decoupled ? 0 : weightDecay, beta1, beta2],
    ...[1 - beta1, 1 - beta2, lr / biasCorrection1, Math.sqrt(biasCorrection2), eps],
  ];
  run(gpu, {
    key: "adam",
    source: [adamSource],
    defines: () => "",
    bindings: [writes("param", param), reads("grad", grad), writes("mean", mean), writes("square", square)],
    params: [n, param.offset, grad.offset, mean.offset, square.offset, ...floats.map(floatBits)],
    threads: n,
  });
}
