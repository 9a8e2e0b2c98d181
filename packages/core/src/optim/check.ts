import { wrongType, wrongValue } from "../errors/refusal";

/** Refuses an option that is no finite number of 0 or more, also one that was there and became undefined. */
export function checkRange(op: string, name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw wrongValue(op, `${name} of 0 or more`, value);
}
