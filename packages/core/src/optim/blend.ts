import type { Tensor } from "../tensor/tensor";

/** The gradient with an L2 penalty; without one an infinite parameter does not make it NaN. */
export function decayed(grad: Tensor, param: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
}

/** A running average, moved on. */
export function blend(average: Tensor | undefined, value: Tensor, decay: number): Tensor {
  return (average as Tensor).mul(decay).add(value.mul(1 - decay));
}
