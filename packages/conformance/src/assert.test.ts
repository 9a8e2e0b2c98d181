import { describe, expect, test } from "vitest";
import { assertClose, assertSame, assertThrows } from "./assert";
import { BITS, COMPOSED, EQUAL, flushing, inDouble } from "./tolerance";

describe("assertClose", () => {
  test("names the first bad index, both values, their distance, what was allowed, and how many are off", () => {
    expect(() => assertClose([1, 2, 3.5, 9], [1, 2, 3, 4], EQUAL, "mine, output")).toThrow(
      "mine, output: element 2 of 4: expected 3, got 3.5, off by 0.5 where 0 is allowed (equal: rtol 0, atol 0); 2 elements are off",
    );
    const tolerance = { ...COMPOSED, rtol: 0.1, atol: 0.01 };
    expect(() => assertClose([1.2], [1], tolerance, "x")).toThrow(
      /off by 0\.19\d* where 0\.11 is allowed \(composed: rtol 0\.1, atol 0\.01\)/,
    );
    assertClose([1.1], [1], tolerance, "x");
  });

  test("tells zeros apart only where every bit counts", () => {
    assertClose([-0], [0], EQUAL, "x");
    expect(() => assertClose([-0], [0], BITS, "x")).toThrow("expected 0, got -0");
  });

  test("takes NaN and infinities as equal to themselves alone", () => {
    const loose = { ...COMPOSED, rtol: 10, atol: 10 };
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    assertClose([nan, inf, -inf], [nan, inf, -inf], loose, "x");
    for (const [got, expected] of [
      [nan, 1],
      [1, nan],
      [inf, 1],
      [1, inf],
      [-inf, inf],
    ] as const) {
      expect(() => assertClose([got], [expected], loose, "x")).toThrow("element 0 of 1");
    }
  });

  test("lets subnormal numbers vanish only where it is told to, and no others", () => {
    expect(() => assertClose([0], [1e-40], EQUAL, "x")).toThrow();
    assertClose([0, -0], [1e-40, -1e-40], flushing(EQUAL), "x");
    expect(() => assertClose([0], [2e-38], flushing(EQUAL), "x")).toThrow();
    expect(() => assertClose([2e-40], [1e-40], flushing(EQUAL), "x")).toThrow();
  });

  test("compares lengths first", () => {
    expect(() => assertClose([1], [1, 2], EQUAL, "x")).toThrow("x, length: expected 2, got 1");
  });

  test("holds float64 to a finer tolerance of the same class", () => {
    expect(inDouble(COMPOSED).rtol).toBeLessThan(1e-10);
    expect(inDouble(COMPOSED).rtol).toBeGreaterThan(Number.EPSILON);
  });
});

describe("assertSame", () => {
  test("compares values and arrays of them", () => {
    assertSame([1, 2], [1, 2], "x");
    assertSame("a", "a", "x");
    expect(() => assertSame([1, 2], [1, 3], "x")).toThrow("x: expected [1, 3], got [1, 2]");
    expect(() => assertSame([1], [1, 2], "x")).toThrow();
    expect(() => assertSame(1, "1", "x")).toThrow();
  });
});

describe("assertThrows", () => {
  test("takes the named error alone, thrown or rejected", async () => {
    const fail = () => {
      throw new RangeError("no");
    };
    expect((await assertThrows("RangeError", fail, "x")).message).toBe("no");
    await assertThrows("RangeError", async () => fail(), "x");
    await expect(assertThrows("TypeError", fail, "x")).rejects.toThrow("x: expected TypeError, got RangeError: no");
    await expect(assertThrows("TypeError", () => {}, "x")).rejects.toThrow("x: expected TypeError, got no error");
  });
});
