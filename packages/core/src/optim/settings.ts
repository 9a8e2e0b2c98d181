/** Options of schedulers: a table of what each may be. */
import { checkBoolean, checkFunction, checkInteger, checkNumber, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkRange } from "./check";

/** Refuses a value that cannot be. */
export type Check = (op: string, name: string, value: unknown) => void;

/** The options of a call, checked, with their defaults. One without a default, which the check lets pass as undefined, may be left out. */
export function settingsOf<T extends object>(
  op: string,
  options: T | undefined,
  table: { readonly [Name in keyof T]-?: readonly [check: Check, fallback?: T[Name]] },
): Required<T> {
  const given = optionsOf<T>(op, options, table as unknown as OptionKinds<T>);
  const all: Partial<T> = {};
  for (const name in table) {
    const [check, fallback] = table[name];
    const value = given[name] === undefined ? fallback : given[name];
    check(op, name, value);
    all[name] = value as T[typeof name];
  }
  return all as Required<T>;
}

/** A finite number of 0 or more. */
export const amount: Check = checkRange;

/** A number in [0, 1]. */
export const fraction: Check = (op, name, value) => {
  checkNumber(op, name, value);
  if (value < 0 || value > 1) throw wrongValue(op, `${name} in [0, 1]`, value);
};

/** A positive integer. */
export const count: Check = (op, name, value) => checkInteger(op, name, value, 1);

/** An integer of 0 or more. */
export const wait: Check = (op, name, value) => checkInteger(op, name, value, 0);

/** True or false. */
export const flag: Check = (op, name, value) => checkBoolean(op, name, value);

/** An array of steps. Not called `steps`: sucrase, which makes the CommonJS build, takes `this.#steps++` elsewhere in its file for an edit of an export. */
export const stepList: Check = (op, name, value) => {
  if (!Array.isArray(value)) throw wrongType(op, `${name} as an array of steps`, value);
  for (const step of value) checkInteger(op, name, step, 0);
};

/** One of some words. */
export const word =
  (...words: readonly string[]): Check =>
  (op, name, value) => {
    if (!words.includes(value as string)) throw wrongType(op, `${name} to be ${words.map((text) => `"${text}"`).join(" or ")}`, value);
  };

/** A function. */
export const fn: Check = (op, name, value) => checkFunction(op, value, `pass ${name}`);

/** What a user's function gives, which must be a number. */
export function numberOf(op: string, name: string, given: (x: number) => number, x: number): number {
  const value: unknown = given(x);
  checkNumber(op, `what ${name} gives`, value);
  return value;
}

/** What is checked where it is used, or passed through `check`, or left out. */
export const optional =
  (check: Check): Check =>
  (op, name, value) => {
    if (value !== undefined) check(op, name, value);
  };

/** A number or one for each group, which `perGroup` checks. */
export const anything: Check = () => {};
