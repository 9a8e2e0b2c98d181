import type { Backend, Operand, OptimizerSpec, OptimizerUpdate } from "../backend/backend";
import type { View } from "../backend/kernels";
import { sizeOf } from "../shape/shape";
import { type HostOperand, hostOperand } from "./host-operand";

/** `optimizerStep` of the contract on host memory, with the formulas of torch.optim. */
export function referenceOptimizerStep(view: View): NonNullable<Backend["optimizerStep"]> {
  const host = (operand: Operand) => hostOperand(view, operand, operand.storage.dtype, operand.shape.length);
  const step = ({ spec, param, grad, state }: OptimizerUpdate) => {
    const length = sizeOf(param.shape);
    const [first, second] = state.map(host);
    if (spec.kind === "sgd") sgd(spec, length, host(param), host(grad), first);
    else adam(spec, length, host(param), host(grad), first as HostOperand, second as HostOperand);
  };
  return (updates) => updates.forEach(step);
}

// --- internal helpers ---

type Sgd = Extract<OptimizerSpec, { kind: "sgd" }>;
type Adam = Extract<OptimizerSpec, { kind: "adam" }>;

function sgd(spec: Sgd, length: number, param: HostOperand, grad: HostOperand, momentum: HostOperand | undefined): void {
  const { lr, weightDecay, nesterov, dampening, first } = spec;
  for (let i = 0; i < length; i++) {
    const p = param.data[param.offset + i] as number;
    let step = decayed(grad.data[grad.offset + i] as number, weightDecay, p);
    if (momentum !== undefined) {
      const at = momentum.offset + i;
      const blended = first ? step : spec.momentum * (momentum.data[at] as number) + (1 - dampening) * step;
      momentum.data[at] = blended;
      step = nesterov ? step + spec.momentum * blended : blended;
    }
    param.data[param.offset + i] = p - lr * step;
  }
}

function adam(spec: Adam, length: number, param: HostOperand, grad: HostOperand, mean: HostOperand, square: HostOperand): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1 } = spec;
  const stepSize = lr / biasCorrection1;
  const rootCorrection2 = Math.sqrt(spec.biasCorrection2);
  for (let i = 0; i < length; i++) {
    const old = param.data[param.offset + i] as number;
    const p = decoupled ? old * (1 - lr * weightDecay) : old;
    const g = decayed(grad.data[grad.offset + i] as number, decoupled ? 0 : weightDecay, old);
    const m = beta1 * (mean.data[mean.offset + i] as number) + (1 - beta1) * g;
    const v = beta2 * (square.data[square.offset + i] as number) + (1 - beta2) * g * g;
    mean.data[mean.offset + i] = m;
    square.data[square.offset + i] = v;
    param.data[param.offset + i] = p - (stepSize * m) / (Math.sqrt(v) / rootCorrection2 + eps);
  }
}

/** The gradient with an L2 penalty; without one an infinite parameter does not make it NaN. */
function decayed(grad: number, weightDecay: number, param: number): number {
  return weightDecay === 0 ? grad : grad + weightDecay * param;
}
