import { describe, expect, test } from "vitest";
import { compare } from "./verdict";

const drawn = (mask: number[], output: number[]) => ({ mask: Uint8Array.from(mask), output: Float32Array.from(output) });

describe("the comparison of two backends", () => {
  test("finds nothing where all bits are equal, NaN included", () => {
    expect(compare(drawn([1, 0], [2, Number.NaN]), drawn([1, 0], [2, Number.NaN]))).toEqual({ mask: null, output: null, largest: 0 });
  });

  test("names the first index that differs", () => {
    expect(compare(drawn([1, 0, 1, 1], [1, 0, 1, 1]), drawn([1, 0, 0, 0], [1, 0, 1.5, 0]))).toEqual({ mask: 2, output: 2, largest: 1 });
  });

  test("tells 0 from -0, and lengths apart", () => {
    expect(compare(drawn([], [0]), drawn([], [-0]))).toEqual({ mask: null, output: 0, largest: 0 });
    expect(compare(drawn([1], [1]), drawn([1, 1], [1])).mask).toBe(1);
  });

  test("counts a NaN on one side as an endless difference", () => {
    expect(compare(drawn([], [1]), drawn([], [Number.NaN])).largest).toBe(Number.POSITIVE_INFINITY);
  });
});
