import { gradMode, noGrad } from "../autograd/grad-mode";
import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Tensor } from "../tensor/tensor";
import { unrecorded } from "./layout";

/** A function of each element, and its derivative. */
export interface Formula<A> {
  /** What both need and is worth keeping: a sigmoid, say. Default: x. */
  part?(x: Tensor, options: A): Tensor;
  /** Makes a new tensor. */
  value(x: Tensor, options: A, part: Tensor): Tensor;
  /** In differentiable operations, for second derivatives. */
  derivative(x: Tensor, options: A, part: Tensor): Tensor;
}

/**
 * A function of each element as one operation of the graph. What its gradient is at a kink, at infinity and at NaN is then said in one place, and the
 * gradient that comes in is multiplied once: taken apart by the chain rule, an infinite one meets a 0 on its way.
 *
 * @param name What messages call it.
 * @returns The function, of a float tensor.
 */
export function formula<A>(name: string, { part, value, derivative }: Formula<A>): (x: Tensor, options: A) => Tensor {
  const primitive: Primitive<A> = {
    name,
    reads: [1, 1],
    forward: ([x, kept], options) => unrecorded(() => value(x, options, kept ?? x)),
    backward(node, grad) {
      const x = node.input(0);
      // What was kept is a constant; a derivative that is differentiated itself needs it as a function of x.
      const again = part === undefined ? x : gradMode.enabled ? part(x, node.attrs) : node.input(1);
      return [grad.mul(derivative(x, node.attrs, again))];
    },
  };
  return (x, options) => {
    if (part === undefined) return run(primitive, [x], options);
    return composed(() => run(primitive, [x, noGrad(() => part(x, options))], options));
  };
}
