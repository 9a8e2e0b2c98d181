import { noGrad } from "../autograd/grad-mode";
import type { OptimizerSpec } from "../backend/backend";
import { overwrite } from "../nn/state-dict";
import type { Tensor } from "../tensor/tensor";

/** One step in tensor operations, for backends without a kernel for it. The formulas are those of `cpu/optimizer`. */
export function composedStep(spec: OptimizerSpec, param: Tensor, grad: Tensor, state: readonly Tensor[]): void {
  noGrad(() => {
    if (spec.kind === "sgd") sgd(spec, param, grad, state[0]);
    else adam(spec, param, grad, state[0] as Tensor, state[1] as Tensor);
  });
}

// --- internal helpers ---

function sgd(spec: Extract<OptimizerSpec, { kind: "sgd" }>, param: Tensor, grad: Tensor, momentum: Tensor | undefined): void {
  let step = spec.weightDecay === 0 ? grad : grad.add(param.mul(spec.weightDecay));
  if (momentum !== undefined) {
    const blended = spec.first ? step : momentum.mul(spec.momentum).add(step.mul(1 - spec.dampening));
    overwrite(momentum, blended);
    step = spec.nesterov ? step.add(blended.mul(spec.momentum)) : blended;
  }
  overwrite(param, param.sub(step.mul(spec.lr)));
}

function adam(spec: Extract<OptimizerSpec, { kind: "adam" }>, param: Tensor, grad: Tensor, mean: Tensor, square: Tensor): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1, biasCorrection2 } = spec;
  const g = decoupled || weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
  const p = decoupled ? param.mul(1 - lr * weightDecay) : param;
  const m = mean.mul(beta1).add(g.mul(1 - beta1));
  const v = square.mul(beta2).add(g.mul(g).mul(1 - beta2));
  const step = m.mul(lr / biasCorrection1).div(v.sqrt().div(Math.sqrt(biasCorrection2)).add(eps));
  const updated = p.sub(step);
  overwrite(mean, m);
  overwrite(square, v);
  overwrite(param, updated);
}
