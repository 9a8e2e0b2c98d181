import type { Backend } from "@dropwise/core";
import { type UnaryOp, versionOf } from "@dropwise/core/backend";
import type { Compare } from "./compare";
import type { Tolerance } from "./tolerance";

/** What a backend's owner may say that `info` does not. */
export interface Allowances {
  /** The compiler may fuse a multiplication with an addition and cannot be told not to: alphaDropout within 1e-6. Default: false. */
  readonly mayContract?: boolean;
  /** The device may turn subnormal floats into zero. Default: false. */
  readonly mayFlushSubnormals?: boolean;
}

/** What a check works with. */
export interface Context extends Required<Allowances> {
  /** The backend under test. */
  readonly backend: Backend;
  /** Another backend of the same kind, for checks that end it; the check disposes it. */
  readonly fresh: () => Promise<Backend>;
  /** The verb of the suite, to the last bit. */
  readonly compare: Compare;
  /** The same verb for results that may differ by rounding. */
  readonly within: (tolerance: Tolerance) => Compare;
}

/** Throws when the backend does not do what the name says. */
export type Check = (context: Context) => void | Promise<void>;

/** The checks of one op family, by a sentence that is true of every right backend. */
export type Family = Readonly<Record<string, Check>>;

/** Elements enough that a backend with threads splits its work, and no multiple of anything that it may split by. */
export const LARGE = 2 ** 18 + 3;

/** Whether the version of the contract that a backend was written for has the name. */
export function knowsOp(backend: Backend, op: UnaryOp): boolean {
  return (backend.info.contract ?? 1) >= versionOf(op);
}

/**
 * Whether core refuses a function: the backend's version of the contract does not have its name, its memory cannot be seen, and the function is none that is
 * composed of older ones.
 */
export function isRefused(backend: Backend, op: UnaryOp): boolean {
  return (op === "sin" || op === "cos") && backend.view === undefined && !knowsOp(backend, op);
}

/** A family's checks from a table: one for each row. */
export function each<Row>(
  rows: readonly Row[],
  name: (row: Row) => string,
  check: (row: Row, context: Context) => ReturnType<Check>,
): Family {
  return Object.fromEntries(rows.map((row) => [name(row), (context: Context) => check(row, context)]));
}
