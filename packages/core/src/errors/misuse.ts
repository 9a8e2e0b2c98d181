import { wrongType } from "./refusal";
/** What a value says when it is used as what it is not. */

/** The method by which Node, Bun and Deno ask an object how to print it. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** A promise that says "await" where it is taken for its value: `total += loss.item()` would make a text of it. */
export function awaited<T>(op: string, promise: Promise<T>): Promise<T> {
  Object.defineProperty(promise, Symbol.toPrimitive, {
    value: () => {
      throw new TypeError(
        `${op}: expected its value, got the promise of it - write await x.${op}(), or x.${op}Sync() where the backend can`,
      );
    },
  });
  return promise;
}

/** What `toJSON` does that must not be silent. */
export function refuseJson(what: string, instead: string): never {
  throw wrongType("JSON", "plain values", what, instead);
}
