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

/** The version of the contract that the name of an operation came with. */
export function versionOf(op: UnaryOp | BinaryOp | ReduceOp): number {
  return op in SINCE ? SINCE[op as MoreUnaryOp] : 1;
}

/**
 * Whether the version of the contract that a backend was written for has the name of an operation. One that it does not have is never handed to the backend.
 *
 * @param backend Any.
 * @param op A name of `unary`, `binary` or `reduce`.
 */
export function knowsOp(backend: Backend, op: UnaryOp | BinaryOp | ReduceOp): boolean {
  return (backend.info.contract ?? 1) >= versionOf(op);
}
