import type { Kernels, OptimizerUpdate } from "@dropwise/core/backend";
import { sizeOf } from "@dropwise/core/backend";
import { type Call, Kernel } from "../call";
import type { NativeHandle } from "../memory";
import { isFloat32, type Members } from "./shared";

/** Optimizer steps. What does not change from element to element is worked out here, in double. */
export function optimizer(call: Call, reference: Kernels): Members<"optimizerStep"> {
  return {
    optimizerStep(updates) {
      for (const update of updates) {
        if ([update.param, update.grad, ...update.state].every(isFloat32)) step(call, update);
        else reference.optimizerStep([update]);
      }
    },
  };
}

// --- internal helpers ---

function step(call: Call, { spec, param, grad, state }: OptimizerUpdate<NativeHandle>): void {
  const length = sizeOf(param.shape);
  if (spec.kind === "sgd") {
    call
      .begin(Kernel.sgd)
      .number(length)
      .number(state.length === 0 ? 0 : 1)
      .number(spec.lr)
      .number(spec.momentum);
    call
      .number(1 - spec.dampening)
      .number(spec.weightDecay)
      .number(Number(spec.nesterov))
      .number(Number(spec.first));
  } else {
    call
      .begin(Kernel.adam)
      .number(length)
      .number(spec.beta1)
      .number(1 - spec.beta1)
      .number(spec.beta2)
      .number(1 - spec.beta2);
    call
      .number(spec.lr / spec.biasCorrection1)
      .number(Math.sqrt(spec.biasCorrection2))
      .number(spec.eps);
    call.number(spec.decoupled ? 0 : spec.weightDecay).number(spec.decoupled ? 1 - spec.lr * spec.weightDecay : 1);
  }
  call.operand(spec.kind, param, length).operand(spec.kind, grad, length);
  for (const each of state) call.operand(spec.kind, each, length);
  call.run();
}
