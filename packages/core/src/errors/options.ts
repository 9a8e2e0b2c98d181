/** The one place where the options of a call are read: each once, unknown names and wrong kinds refused. */

import { brandOf } from "./brand";
import { wrongType, wrongValue } from "./refusal";

/** What an option may be. `any`: the caller checks it. */
export type OptionKind = "flag" | "number" | "any";

/** Every option that a call has, so that a forgotten one does not compile. */
export type OptionKinds<T> = { readonly [Name in keyof T]-?: OptionKind };

/**
 * The options that a call was given, as a new object: an option that is `undefined` is left out, so that destructuring fills in its
 * default. Plain JavaScript would take `x.sum(1)` or `{ keepDim: true }`, find no option in it, and go on with the defaults.
 *
 * @param op The call as its caller wrote it.
 * @param options As they came.
 * @param kinds Every option there is.
 * @throws TypeError for what is no options object, an unknown name, a flag that is no boolean, or a number that is none.
 */
export function optionsOf<T extends object>(op: string, options: T | undefined, kinds: OptionKinds<T>): Partial<T> {
  if (options === undefined) return NONE;
  const given: Partial<T> = {};
  checkOptionNames(op, options, kinds);
  for (const name in kinds) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    if (kinds[name] === "flag") checkBoolean(op, name, value);
    else if (kinds[name] === "number") checkNumber(op, name, value);
    given[name] = value as T[typeof name];
  }
  return given;
}

const NONE = {};

/** Refuses what is no options object, and names that `kinds` does not have. */
export function checkOptionNames(op: string, options: unknown, kinds: object): void {
  if (!isOptionsObject(options)) throw wrongType(op, "options as { name: value }", options);
  for (const name in options) {
    if (Object.hasOwn(kinds, name)) continue;
    const known = Object.keys(kinds);
    throw wrongType(op, `the options ${known.join(", ")}`, name, didYouMean(name, known) ?? "leave it out");
  }
}

/** Refuses anything but true and false; PyTorch takes no 0, 1 or None either. */
export function checkBoolean(op: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") throw wrongType(op, `${name} to be true or false`, value);
}

/** Refuses anything but a number, and NaN. */
export function checkNumber(op: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (Number.isNaN(value)) throw wrongValue(op, `${name} to be a number`, value);
}

/** Refuses anything but an integer, from `min` on where there is one. */
export function checkInteger(op: string, name: string, value: unknown, min = -Infinity): asserts value is number {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (!Number.isSafeInteger(value) || value < min) {
    const expected = min === 1 ? "a positive integer" : min === -Infinity ? "an integer" : `an integer of ${min} or more`;
    throw wrongValue(op, `${name} to be ${expected}`, value);
  }
}

/** Refuses anything but a function. `advice` says how to give one. */
export function checkFunction(op: string, value: unknown, advice: string): void {
  if (typeof value !== "function") throw wrongType(op, "a function", value, advice);
}

/**
 * What an iterable gives, as an array; each item is checked when it comes. Refuses anything else, and strings and typed arrays, whose items are never objects;
 * `what` says what was expected.
 */
export function itemsOf<T, U>(op: string, what: string, value: Iterable<T>, check: (item: T) => U): U[] {
  const isObject = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  const iterator = isObject && typeof value[Symbol.iterator] === "function" ? value[Symbol.iterator]() : undefined;
  if (typeof iterator?.next !== "function") throw wrongType(op, what, value);
  const items: U[] = [];
  // Through the loop, which also closes the iterator of a caller whose item is refused.
  for (const item of { [Symbol.iterator]: () => iterator }) items.push(check(item));
  return items;
}

/** A question for the known name that was likely meant, if there is one: another library's word, other capitals or underscores, or a slip of a letter or two. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  // Longer ones are no slip.
  const plain = (text: string) => text.slice(0, 40).replaceAll("_", "").toLowerCase();
  const wanted = plain(name);
  for (let slips = 0; slips <= Math.min(2, wanted.length / 2); slips++) {
    const near = known.find((candidate) => ELSEWHERE[wanted] === candidate || isWithin(slips, wanted, plain(candidate)));
    if (near !== undefined) return `did you mean ${near}?`;
  }
  return undefined;
}

// --- internal helpers ---

/** A plain object, of whichever realm, or an instance of a user's class; no collection, date, promise or object of this library. */
function isOptionsObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return true;
    return Object.prototype.toString.call(value) === "[object Object]" && brandOf(value) === undefined;
  } catch {
    return false; // a proxy that was revoked
  }
}

/** What other libraries call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  axis: "dim",
  device: "backend",
  learningrate: "lr",
  rate: "p",
  boolean: "bool",
  int: "int32",
  long: "int32",
  double: "float64",
};

/** True when `slips` letters inserted, dropped or changed make one word of the other. */
function isWithin(slips: number, a: string, b: string): boolean {
  if (a === b) return true;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isWithin(slips, restA, restB);
  return slips > 0 && (isWithin(slips - 1, restA, b) || isWithin(slips - 1, a, restB) || isWithin(slips - 1, restA, restB));
}
