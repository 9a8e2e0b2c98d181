import type { Backend } from "./backend";
import type { BinaryOp, MoreUnaryOp, ReduceOp, UnaryOp } from "./op-names";

/** The versions of the contract that names came with, a line each; what is not here came with the first. */
const SINCE: Readonly<Record<MoreUnaryOp, number>> = {
  erf: 1,
  floor: 2,
  ceil: 2,
  round: 2,
  sign: 2,
  sin: 2,
  cos: 2,
  rsqrt: 2,
};

/**
 * The version of the contract that the name of an operation came with. A backend whose `info.contract` is an earlier one is never handed it.
 *
 * @param op A name of `unary`, `binary` or `reduce`.
 */
export function versionOf(op: UnaryOp | BinaryOp | ReduceOp): number {
  return typeof op === "string" && Object.hasOwn(SINCE, op) ? SINCE[op as MoreUnaryOp] : 1;
}

/** Whether a backend may be handed the name. */
export function knowsOp(backend: Backend, op: UnaryOp | BinaryOp | ReduceOp): boolean {
  return (backend.info.contract ?? 1) >= versionOf(op);
}
