import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { unrecorded } from "../ops/layout";
import type { Tensor } from "../tensor/tensor";

const atLeastPrimitive: Primitive<number> = {
  name: "atLeast",
  forward: ([x], min) => unrecorded(() => x.clamp({ min })),
  backward: (_, grad) => [grad],
};

/** What is below `min` becomes it, but the gradient passes as if it had not: how PyTorch bounds what it divides by. */
export function atLeast(x: Tensor, min: number): Tensor {
  return run(atLeastPrimitive, [x], min);
}
