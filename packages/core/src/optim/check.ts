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

/** Refuses a rate of decay that is no number in [0, 1). */
export function checkDecay(op: string, name: string, value: unknown): void {
  if (!(typeof value === "number" && value >= 0 && value < 1)) throw wrongValue(op, `${name} in [0, 1)`, value);
}

/** Refuses anything but two rates of decay. */
export function checkBetas(op: string, betas: unknown): void {
  if (!Array.isArray(betas) || betas.length !== 2) throw wrongType(op, "betas as two numbers", betas);
  for (const beta of betas) checkDecay(op, "betas", beta);
}
