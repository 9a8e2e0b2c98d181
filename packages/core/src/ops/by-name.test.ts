import { describe, expect, test } from "vitest";
import { applyBinary, applyUnary } from "../backend/index";
import { tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const x = tensor([1, -2]);

describe("an elementwise function by its name", () => {
  test("is the function", () => {
    expect([...applyUnary("neg", x).dataSync()]).toEqual([-1, 2]);
    expect([...applyBinary("sub", 3, x).dataSync()]).toEqual([2, 5]);
  });

  test.each([
    ["a name that all objects have", "toString"],
    ["a list of a name", ["neg"]],
    ["four billion holes", new Array(2 ** 32 - 1)],
    ["a symbol", Symbol("neg")],
    ["what has no text", Object.create(null)],
    ["nothing", undefined],
  ])("is refused of %s", (_, name) => {
    expectRefusal(() => applyUnary(name as never, x), "TypeError", "applyUnary: expected one of neg, abs, ");
    expectRefusal(() => applyBinary(name as never, x, x), "TypeError", "applyBinary: expected one of add, sub, ");
  });
});
