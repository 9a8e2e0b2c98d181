import type { Tensor } from "@dropwise/core";
import type { BinaryOp, UnaryOp } from "@dropwise/core/backend";

/** What a tensor keeps out of its types, for core and this suite. */
interface ByName {
  unary(op: UnaryOp): Tensor;
  binary(op: BinaryOp, other: Tensor | number): Tensor;
}

/** An elementwise function of one tensor, by its name in the contract. */
export function applyUnary(op: UnaryOp, x: Tensor): Tensor {
  return (x as unknown as ByName).unary(op);
}

/** An elementwise function of two operands, by its name in the contract. */
export function applyBinary(op: BinaryOp, a: Tensor, b: Tensor | number): Tensor {
  return (a as unknown as ByName).binary(op, b);
}
