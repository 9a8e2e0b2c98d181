import { describe } from "../errors/describe";

/** Refuses an option that is no finite number of 0 or more, also one that was there and became undefined. */
export function checkRange(op: string, name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${op}: expected ${name} to be a number, got ${describe(value)}`);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`${op}: expected ${name} of 0 or more, got ${value}`);
}
