import type { Layout, Primitive } from "../autograd/node";
import { raw } from "../errors/brand";
import { refusal } from "../errors/refusal";
import { broadcastShapes, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { broadcastTo, checkTensor, type NumberOrTensor, promoteOperands } from "./binary";
import { computedLayout, runCast } from "./layout";
import { sumTo } from "./sum-to";

/** The numbers among the two choices; the tensors are inputs, after the condition. */
interface WhereAttrs {
  readonly a?: number;
  readonly b?: number;
}

const wherePrimitive: Primitive<WhereAttrs> = {
  name: "where",
  // The condition has no gradient; those of both choices read it.
  reads: [0b110],
  forward([condition, ...choices], attrs) {
    const a = attrs.a ?? (choices[0] as Tensor);
    const b = attrs.b ?? (choices.at(-1) as Tensor);
    const { dtype } = choices[0] as Tensor;
    const shape = choices.reduce((sizes, choice) => broadcastShapes("where", sizes, choice.sizes), condition.sizes);
    return computedLayout(condition.storage.device, dtype, shape, (out, kernels) =>
      kernels.where(broadcastTo(condition, shape) as Layout, broadcastTo(a, shape), broadcastTo(b, shape), out),
    );
  },
  backward(node, grad) {
    const condition = node.input(0);
    const isA = (i: number) => i === 1 && node.attrs.a === undefined;
    return node.shapes.map((shape, i) => {
      if (i === 0 || !node.needs(i)) return null;
      return sumTo(isA(i) ? where(condition, grad, 0) : where(condition, 0, grad), shape as Shape);
    });
  },
};

/** `condition ? a : b`, element by element, all broadcast to one shape; at least one choice is a tensor. */
export function where(mask: Tensor, a: NumberOrTensor, b: NumberOrTensor): Tensor {
  const condition = checkTensor("where", mask, "the condition");
  if (condition.dtype !== "bool") throw refusal("where", "a bool condition", condition.dtype, "compare it, e.g. x.gt(0)");
  const dtype = promoteOperands("where", a, b);
  if (typeof a === "number") return runCast(wherePrimitive, [condition, raw(b as Tensor)], { a }, dtype, 1);
  if (typeof b === "number") return runCast(wherePrimitive, [condition, raw(a)], { b }, dtype, 1);
  return runCast(wherePrimitive, [condition, raw(a), raw(b)], {}, dtype, 1);
}
