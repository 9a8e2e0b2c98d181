import type { GradNode, Inputs, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Tensor } from "../tensor/tensor";
import { unrecorded } from "./layout";
import { where } from "./where";

/** Draws a mask: bool, of the operands' shape or one that broadcasts to it; the same each time, and a tensor of its own. */
export type DrawMask = () => Tensor;

interface ChooseAttrs {
  readonly mask: DrawMask;
  /** Which of the two is zeros, where that is no operand. */
  readonly zeros?: "a" | "b";
}

/**
 * `mask ? a : b` by a mask that is drawn again for the gradient: the graph holds nothing but how. It is a dropout by what it does, and has its name.
 */
const choosePrimitive: Primitive<ChooseAttrs> = {
  name: "dropout",
  forward: ([x, other = x], { mask, zeros }) => unrecorded(() => where(mask(), zeros === "a" ? 0 : x, zeros === "b" ? 0 : other)),
  backward(node: GradNode<ChooseAttrs>, grad) {
    const { mask, zeros } = node.attrs;
    // Each operand's where it was chosen, and zeros elsewhere.
    const part = (elsewhere: "a" | "b") => run(choosePrimitive, [grad], { mask, zeros: elsewhere });
    if (zeros !== undefined) return [part(zeros)];
    return [node.needs(0) ? part("b") : null, node.needs(1) ? part("a") : null];
  },
};

/** `mask ? a : b`, operands of one shape and dtype; without `b`, 0 in its place. */
export function chooseDrawn(mask: DrawMask, a: Tensor, b?: Tensor): Tensor {
  return b === undefined ? run(choosePrimitive, [a], { mask, zeros: "b" }) : run(choosePrimitive, [a, b] as Inputs, { mask });
}
