import { describe, expect, it } from "vitest";
import { digitOrder, digitsSource } from "./digits";

const whole = { train: 10_000, test: 10_000 };

describe("digitOrder", () => {
  it("has each row once, in the order that the page about the random stream gives for seed 0", () => {
    const order = digitOrder(1797);
    expect(order.slice(0, 8)).toEqual([1546, 1071, 1421, 333, 708, 1411, 1190, 409]);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1797 }, (_, i) => i));
    expect(digitOrder(10)).toEqual([5, 2, 0, 1, 3, 6, 8, 7, 4, 9]);
  });
});

describe("digitsSource", () => {
  const source = digitsSource();
  const { train, test } = source.split(0n, whole);

  it("has the same 1,000 rows to learn from and 797 to judge by, whatever the seed", () => {
    expect([train.count, test.count, train.features]).toEqual([1000, 797, source.height * source.width]);
    expect(source.split(7n, whole)).toEqual({ train, test });
    expect(source.split(7n, { train: 10, test: 5 }).train.targets).toEqual(train.targets.slice(0, 10));
  });

  it("has every row of the file once", () => {
    const counts = Array.from(
      { length: 10 },
      (_, digit) => [train, test].flatMap(({ targets }) => [...targets]).filter((own) => own === digit).length,
    );
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  it("brings pixels to [0, 1]", () => {
    // Row 333 of the file, the fourth in order.
    expect([...train.inputs.subarray(3 * 64, 3 * 64 + 16)].map((pixel) => pixel * 16)).toEqual([
      0, 2, 15, 16, 15, 2, 0, 0, 0, 8, 14, 8, 14, 8, 0, 0,
    ]);
    expect(train.targets[3]).toBe(2);
    expect(train.inputs.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
  });
});
