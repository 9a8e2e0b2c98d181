import { noGrad } from "../autograd/grad-mode";
import type { OptimizerSpec } from "../backend/backend";
import { overwrite } from "../ops/overwrite";
import type { Tensor } from "../tensor/tensor";

/** Writes new values over old ones; needs no memory. */
export type Write = () => void;

/**
 * One step in tensor operations, for backends without a kernel for it, and for strided gradients. The formulas are those of `cpu/optimizer`. Computes the
 * new values; the function it returns writes them.
 */
export function composedStep(spec: OptimizerSpec, param: Tensor, grad: Tensor, state: readonly Tensor[]): Write {
  return noGrad(() =>
    spec.kind === "sgd" ? sgd(spec, param, grad, state[0]) : adam(spec, param, grad, state[0] as Tensor, state[1] as Tensor),
  );
}

// --- internal helpers ---

function sgd(spec: Extract<OptimizerSpec, { kind: "sgd" }>, param: Tensor, grad: Tensor, momentum: Tensor | undefined): Write {
  let step = spec.weightDecay === 0 ? grad : grad.add(param.mul(spec.weightDecay));
  let blended: Tensor | undefined;
  if (momentum !== undefined) {
    blended = spec.first ? step : momentum.mul(spec.momentum).add(step.mul(1 - spec.dampening));
    step = spec.nesterov ? step.add(blended.mul(spec.momentum)) : blended;
  }
  const updated = param.sub(step.mul(spec.lr));
  return () => {
    if (momentum !== undefined && blended !== undefined) overwrite(momentum, blended);
    overwrite(param, updated);
  };
}

function adam(spec: Extract<OptimizerSpec, { kind: "adam" }>, param: Tensor, grad: Tensor, mean: Tensor, square: Tensor): Write {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1, biasCorrection2 } = spec;
  const g = decoupled || weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
  const p = decoupled ? param.mul(1 - lr * weightDecay) : param;
  const m = mean.mul(beta1).add(g.mul(1 - beta1));
  const v = square.mul(beta2).add(g.mul(g).mul(1 - beta2));
  const step = m.mul(lr / biasCorrection1).div(v.sqrt().div(Math.sqrt(biasCorrection2)).add(eps));
  const updated = p.sub(step);
  return () => {
    overwrite(mean, m);
    overwrite(square, v);
    overwrite(param, updated);
  };
}
