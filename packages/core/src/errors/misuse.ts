/** What a value says when it is used as what it is not. */
import { isPromise } from "./brand";
import { refusal } from "./refusal";

/** The method by which Node, Bun and Deno ask an object how to print it. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** A promise that says "await" where it is taken for its value: `total += loss.item()` would make a text of it. */
export function awaited<T>(op: string, promise: Promise<T>): Promise<T> {
  return Object.defineProperty(promise, Symbol.toPrimitive, {
    value: () => {
      throw new TypeError(`${op}: expected its value, got the promise of it - write await x.${op}()`);
    },
  });
}

/** What `toJSON` does that must not be silent. */
export function refuseJson(what: string, instead: string): never {
  throw refusal("JSON", "plain values", what, instead);
}

/** Returns what it is given, unless that is a promise: then throws TypeError. */
export function refusePromise<T>(op: string, result: T): T {
  if (isPromise(result)) {
    throw new TypeError(`${op}: expected a function that returns at once, got an async one - await outside`);
  }
  return result;
}
