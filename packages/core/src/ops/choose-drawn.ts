import type { GradNode, Inputs, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Tensor } from "../tensor/tensor";
import { unrecorded } from "./layout";
import { where } from "./where";

/** Draws a mask: bool, of the operands' shape or one that broadcasts to it; the same each time, and a tensor of its own. */
export type DrawMask = () => Tensor;

interface ChooseAttrs {
  readonly mask: DrawMask;
  /** What takes the place of the second operand, or of the first. */
  readonly instead?: { readonly of: 0 | 1; readonly value: number };
}

/**
 * `mask ? a : b` by a mask that is drawn again for the gradient: the graph holds nothing but how. It is a dropout by what it does, and has its name.
 */
const choosePrimitive: Primitive<ChooseAttrs> = {
  name: "dropout",
  forward: ([a, b = a], { mask, instead }) =>
    unrecorded(() => {
      if (instead === undefined) return where(mask(), a, b);
      return instead.of === 1 ? where(mask(), a, instead.value) : where(mask(), instead.value, a);
    }),
  backward(node: GradNode<ChooseAttrs>, grad) {
    const { mask, instead } = node.attrs;
    if (instead !== undefined) return [half(grad, mask, instead.of)];
    return [node.needs(0) ? half(grad, mask, 1) : null, node.needs(1) ? half(grad, mask, 0) : null];
  },
};

/** `mask ? a : b`, operands of one shape and dtype; `b` may be a number. */
export function chooseDrawn(mask: DrawMask, a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") return run(choosePrimitive, [a], { mask, instead: { of: 1, value: b } });
  return run(choosePrimitive, [a, b] as Inputs, { mask });
}

// --- internal helpers ---

/** The gradient where it belongs to one of the two, and 0 where it belongs to the other, which is number `other`. */
function half(grad: Tensor, mask: DrawMask, other: 0 | 1): Tensor {
  return run(choosePrimitive, [grad], { mask, instead: { of: other, value: 0 } });
}
