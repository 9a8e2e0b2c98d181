import { describe, expect, it } from "vitest";
import { quantile, summarise } from "./statistics";

describe("quantile", () => {
  it("interpolates between neighbours, in any order of values", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)]).toEqual([1, 3]);
    expect(quantile([7], 0.3)).toBe(7);
  });

  it("leaves its argument as it is", () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  it("refuses no values and shares outside [0, 1]", () => {
    expect(() => quantile([], 0.5)).toThrow(/at least one value/);
    for (const q of [-0.1, 1.1, Number.NaN]) expect(() => quantile([1], q)).toThrow(/q in \[0, 1\]/);
  });
});

describe("summarise", () => {
  it("gives the fastest, the median and the middle half", () => {
    expect(summarise([5, 1, 4, 2, 3])).toEqual({ min: 1, median: 3, low: 2, high: 4, spread: 2 / 3 });
  });

  it("is not moved by one disturbed round", () => {
    const calm = summarise([10, 10, 10, 10, 10]);
    const disturbed = summarise([10, 10, 10, 10, 900]);
    expect(disturbed).toEqual(calm);
    expect(calm.spread).toBe(0);
  });
});
