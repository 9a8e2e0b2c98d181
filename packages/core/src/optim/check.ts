import { describe } from "../errors/errors";

/** Refuses options that are no finite numbers of 0 or more. */
export function checkRange(op: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== "number") throw new TypeError(`${op}: expected ${name} to be a number, got ${describe(value)}`);
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`${op}: expected ${name} of 0 or more, got ${value}`);
  }
}
