import { gradMode } from "../autograd/grad-mode";
import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Activation } from "../backend/op-names";
import { hasMembers, laterMember } from "../cpu/device-of";
import type { Tensor } from "../tensor/tensor";
import { type Formula, formula } from "./formula";
import { computedLayout, contiguous, runContiguous } from "./layout";

/**
 * An activation that a backend may have as one kernel: that kernel for float32, else what it is composed of. A gradient that is to be differentiated itself is
 * composed, too.
 *
 * @param kind What the contract calls it.
 * @param name What messages call it.
 * @param composition What it is.
 * @returns The function, of a float tensor.
 */
export function activation(kind: Activation, name: string, composition: Formula<null>): (x: Tensor) => Tensor {
  const { part = (x: Tensor) => x, derivative } = composition;
  const composed = formula(name, composition);
  const gradient: Primitive<null> = {
    name: `${name}Grad`,
    forward: ([grad, x]) =>
      computedLayout(grad.storage.device, grad.dtype, grad.sizes, (out) => {
        laterMember(grad.storage.device, "activationGrad")?.(kind, (x as Tensor).layout, grad.layout, out);
      }),
  };
  const primitive: Primitive<null> = {
    name,
    reads: [1],
    forward: ([x]) =>
      computedLayout(x.storage.device, x.dtype, x.sizes, (out) => laterMember(x.storage.device, "activation")?.(kind, x.layout, out)),
    backward(node, grad) {
      const x = node.input(0);
      if (!gradMode.enabled) return [run(gradient, [contiguous(grad), x], null)];
      return [grad.mul(derivative(x, null, part(x, null)))];
    },
  };
  return (x) => {
    const isFused = x.dtype === "float32" && hasMembers(x.storage.device, "activation", "activationGrad");
    return isFused ? runContiguous(primitive, [x], null) : composed(x, null);
  };
}
