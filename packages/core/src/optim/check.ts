import { wrongType, wrongValue } from "../errors/refusal";

/** Refuses an option that is no finite number of 0 or more, also one that was there and became undefined. */
export function checkRange(op: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw wrongValue(op, `${name} of 0 or more`, value);
}

/** The same for several, by name. */
export function checkRanges(op: string, values: Readonly<Record<string, unknown>>): void {
  for (const name in values) checkRange(op, name, values[name]);
}

/** Refuses anything but two rates of decay. */
export function checkBetas(op: string, betas: unknown): void {
  if (!Array.isArray(betas) || betas.length !== 2) throw wrongType(op, "betas as two numbers", betas);
  for (const beta of betas) {
    if (!(typeof beta === "number" && beta >= 0 && beta < 1)) throw wrongValue(op, "betas in [0, 1)", beta);
  }
}
