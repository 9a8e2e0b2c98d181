import { afterEach, describe, expect, test } from "vitest";
import { enableGrad, isGradEnabled, noGrad, ones } from "../index";
import { expectRefusal } from "../testing/refusal";

afterEach(() => expect(isGradEnabled()).toBe(true));
const leaf = () => ones([2], { requiresGrad: true });

describe("noGrad", () => {
  test("records nothing inside and returns what the function returns", () => {
    const y = noGrad(() => {
      expect(isGradEnabled()).toBe(false);
      return leaf().mul(2);
    });
    expect(y).toMatchObject({ requiresGrad: false, isLeaf: true });
    expect(leaf().mul(2).requiresGrad).toBe(true);
    expect(noGrad(() => 7)).toBe(7);
  });

  test("may be nested with enableGrad", () => {
    const flags: boolean[] = [];
    noGrad(() => {
      enableGrad(() => {
        flags.push(leaf().mul(2).requiresGrad);
        noGrad(() => flags.push(leaf().mul(2).requiresGrad));
        flags.push(isGradEnabled());
      });
      flags.push(isGradEnabled());
    });
    expect(flags).toEqual([true, false, true, false]);
  });

  test("is put back after an error", () => {
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
  });

  test("lets leaves inside still be made, which then require a gradient", () => {
    const x = noGrad(() => leaf());
    expect(x.requiresGrad).toBe(true);
    expect(x.mul(1).requiresGrad).toBe(true);
  });

  test.each([
    ["noGrad", noGrad],
    ["enableGrad", enableGrad],
  ] as const)("%s refuses an async function, whose later parts would run outside", (name, fn) => {
    expectRefusal(
      () => fn(async () => 1),
      "TypeError",
      `${name}: expected a function that returns at once, got an async one - await outside`,
    );
    // biome-ignore lint/suspicious/noThenProperty: anything that can be awaited counts
    expectRefusal(() => fn(() => ({ then: () => {} })), "TypeError", `${name}: expected`);
  });
});
