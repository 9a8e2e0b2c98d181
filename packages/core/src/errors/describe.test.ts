import { describe, expect, test } from "vitest";
import { nn, ones } from "../index";
import { describe as show } from "./describe";

describe("values in messages", () => {
  test.each([
    ["abc", '"abc"'],
    [3, "3"],
    [5n, "5n"],
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
    [[1, 2], "an array of 2"],
    [() => {}, "a function"],
    [new Map(), "a value of type Map"],
    [Object.create(null), "a value of type object"],
    ["x".repeat(1000), "a string of 1000 characters"],
    [Symbol("s"), "Symbol(s)"],
    [{ constructor: 3 }, "a value of type object"],
    [new (class Model {})(), "a value of type Model"],
    [Symbol("s".repeat(1000)), `Symbol(${"s".repeat(193)}`],
    [10n ** 1000n, `1${"0".repeat(199)}`],
  ])("%# is shown as %s", (value, text) => {
    expect(show(value)).toBe(text);
  });

  test("what says it has a shape of four billion sizes is not gone through", () => {
    expect(show({ shape: new Array(2 ** 32 - 1) })).toBe("a value of type Object");
  });

  test("a tensor is shown with its shape", () => {
    expect(show(ones([2, 3]))).toBe("a Tensor [2, 3]");
  });

  test("a class of ours has its name, whatever a minifier made of it", () => {
    expect(show(new nn.ReLU())).toBe("a value of type ReLU");
  });

  test("nothing throws, whatever traps and getters a value has", () => {
    const refuse = () => {
      throw new Error("no");
    };
    const values = [
      new Proxy({}, { get: refuse, getPrototypeOf: refuse }),
      Object.defineProperty({}, "shape", { get: refuse }),
      { shape: [Object.create(null)] },
    ];
    for (const value of values) expect(show(value)).toBe("a value that cannot be read");
  });
});
