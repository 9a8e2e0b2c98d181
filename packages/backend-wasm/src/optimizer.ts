import type { Backend, Kernels, Operand, OptimizerSpec, OptimizerUpdate } from "@dropwise/core/backend";
import { sizeOf } from "@dropwise/core/backend";
import { areFloat32, type Runtime, type WasmHandle } from "./runtime";

const SGD_NS = 0.4;
const ADAM_NS = 1;

/** Optimizer steps on float32 parameters; others go to the reference kernels. */
export function optimizer(runtime: Runtime, reference: Kernels): Required<Pick<Backend<WasmHandle>, "optimizerStep">> {
  return {
    optimizerStep(updates) {
      for (const update of updates) {
        const { param, grad, state } = update;
        if (areFloat32(param, grad, state[0]) && areFloat32(state[1] ?? param)) step(runtime, update);
        else reference.optimizerStep([update]);
      }
    },
  };
}

// --- internal helpers ---

function step(runtime: Runtime, { spec, param, grad, state }: OptimizerUpdate<WasmHandle>): void {
  const length = sizeOf(param.shape);
  const place = (operand: Operand<WasmHandle>) => runtime.operand(spec.kind, operand, length);
  const { words } = runtime;
  words[0] = place(param);
  words[1] = place(grad);
  words[2] = state[0] === undefined && spec.kind === "sgd" ? 0 : place(state[0] as Operand<WasmHandle>);
  if (spec.kind === "sgd") {
    writeSgd(runtime, spec);
    runtime.run("sgd", length, SGD_NS);
  } else {
    words[3] = place(state[1] as Operand<WasmHandle>);
    writeAdam(runtime, spec);
    runtime.run("adam", length, ADAM_NS);
  }
}

/** The rest of `SgdArgs`. */
function writeSgd({ words, floats }: Runtime, spec: Extract<OptimizerSpec, { kind: "sgd" }>): void {
  floats[3] = spec.lr;
  floats[4] = spec.momentum;
  floats[5] = 1 - spec.dampening;
  floats[6] = spec.weightDecay;
  words[7] = Number(spec.nesterov);
  words[8] = Number(spec.first);
}

/** The rest of `AdamArgs`. What does not change from element to element is worked out here, in double. */
function writeAdam({ floats }: Runtime, spec: Extract<OptimizerSpec, { kind: "adam" }>): void {
  floats[4] = spec.beta1;
  floats[5] = 1 - spec.beta1;
  floats[6] = spec.beta2;
  floats[7] = 1 - spec.beta2;
  floats[8] = spec.lr / spec.biasCorrection1;
  floats[9] = Math.sqrt(spec.biasCorrection2);
  floats[10] = spec.eps;
  floats[11] = spec.decoupled ? 0 : spec.weightDecay;
  floats[12] = spec.decoupled ? 1 - spec.lr * spec.weightDecay : 1;
}
