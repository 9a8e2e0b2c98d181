import { describe, expect, test } from "vitest";
import { expectRefusal } from "../testing/refusal";
import { itemsOf } from "./options";

const items = (value: unknown) => itemsOf("op", "a list", value as Iterable<unknown>, (item) => item);

describe("what an iterable gives", () => {
  test("is taken from arrays, sets and generators", () => {
    for (const value of [[1, 2], new Set([1, 2]), [1, 2].values()]) expect(items(value)).toEqual([1, 2]);
  });

  test.each([
    ["nothing to loop over", {}],
    ["a text", "ab"],
    ["a typed array", new Float32Array(2)],
    ["a typed array whose buffer was transferred", transferred()],
    ["an iterator that is none", { [Symbol.iterator]: () => null }],
    ["an iterator without a step", { [Symbol.iterator]: () => ({}) }],
    ["what only says that it can be looped over", { [Symbol.iterator]: 1 }],
    ["null", null],
  ])("is refused of %s", (_, value) => {
    expectRefusal(() => items(value), "TypeError", "op: expected a list, got");
  });

  test("is given up at the first item that is refused, and the iterator is closed", () => {
    let isClosed = false;
    let count = 0;
    const close = () => {
      isClosed = true;
      return { value: undefined };
    };
    const endless = {
      [Symbol.iterator]: () => ({ next: () => ({ value: count++ }), return: close }),
    };
    const refuse = () => {
      throw new RangeError("no");
    };
    expect(() => itemsOf("op", "a list", endless as never, refuse)).toThrow("no");
    expect([count, isClosed]).toEqual([1, true]);
  });
});

function transferred(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
