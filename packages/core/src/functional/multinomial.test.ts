import { describe, expect, test } from "vitest";
import { Generator, multinomial, ones, randn, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
const generator = new Generator(5);

describe("multinomial", () => {
  test("draws each place as often as its weight says, with replacement", () => {
    const weights = [0, 3, 1, 0, 4];
    const drawn = list(multinomial(tensor(weights), 8000, { replacement: true, generator }));
    for (const [place, weight] of weights.entries()) {
      const share = drawn.filter((d) => d === place).length / 8000;
      if (weight === 0) expect(share).toBe(0);
      else expect(Math.abs(share - weight / 8)).toBeLessThan(0.025);
    }
  });

  test("draws the first place as often as its weight says, and the second of those left, without replacement", () => {
    const rows = 6000;
    const drawn = list(multinomial(tensor([0.5, 0.3, 0.2]).expand([rows, 3]), 2, { generator }));
    const share = (first: number, second: number) =>
      Array.from({ length: rows }, (_, i) => Number(drawn[2 * i] === first && drawn[2 * i + 1] === second)).reduce((a, b) => a + b) / rows;
    expect(Math.abs(share(0, 1) - 0.5 * (0.3 / 0.5))).toBeLessThan(0.025);
    expect(Math.abs(share(1, 2) - 0.3 * (0.2 / 0.7))).toBeLessThan(0.025);
    expect(Math.abs(share(2, 0) - 0.2 * (0.5 / 0.8))).toBeLessThan(0.025);
  });

  test("draws no place twice without replacement, and gives the dtype and the shape of places", () => {
    const drawn = multinomial(ones([7, 9]), 9, { generator });
    expect([drawn.dtype, drawn.shape, drawn.requiresGrad]).toEqual(["int32", [7, 9], false]);
    for (let row = 0; row < 7; row++) expect(new Set(list(drawn).slice(row * 9, row * 9 + 9)).size).toBe(9);
    expect(multinomial(ones([0, 3]), 2, { generator }).shape).toEqual([0, 2]);
    expect(multinomial(ones([3], { dtype: "float64" }), 2, { generator }).shape).toEqual([2]);
  });

  test("never draws a place of weight 0, however the sums before it round", () => {
    // Sums are added in another order from place to place, so that they rise by a rounding at a weight of 0 now and then: ten of these draws fall there.
    const weights = Float32Array.from({ length: 20001 }, (_, i) => (i === 0 ? 20000 : i % 3 === 2 ? 0 : 0.1 + (i % 7) / 13));
    const drawn = list(multinomial(tensor(weights), 100_000, { replacement: true, generator }));
    expect(drawn.filter((place) => place % 3 === 2)).toEqual([]);
  });

  test("takes one host call, and none when refused", () => {
    for (const replacement of [true, false]) {
      const [a, b] = [new Generator(3), new Generator(3)];
      multinomial(ones([4, 5]), 3, { replacement, generator: a });
      randn([1], { generator: b });
      expect(a.getState()).toEqual(b.getState());
    }
    const before = generator.getState();
    const refused = (x: Tensor, count: number, name: string, message: string, replacement = false) =>
      expectRefusal(() => multinomial(x, count, { generator, replacement }), name, `multinomial: ${message}`);
    refused(tensor([1, 2]), 3, "RangeError", "expected numSamples of at most 2 without replacement, got 3");
    refused(tensor([1, 2]), 0, "RangeError", "expected numSamples to be a positive integer, got 0");
    refused(tensor([1, 0, 0]), 2, "RangeError", "expected at least 2 weights above 0 in row 0, got 1");
    refused(tensor([[1], [0]]), 1, "RangeError", "expected at least 1 weights above 0 in row 1, got 0");
    refused(tensor([0, 0]), 1, "RangeError", "expected at least 1 weights above 0 in row 0, got 0", true);
    refused(tensor([1, -1]), 1, "RangeError", "expected finite weights of 0 or more, got -1");
    refused(tensor([1, Number.NaN]), 1, "RangeError", "expected finite weights of 0 or more, got NaN");
    refused(tensor([1, Number.POSITIVE_INFINITY]), 1, "RangeError", "expected finite weights of 0 or more, got Infinity");
    refused(ones([2, 0]), 1, "RangeError", "expected at least one place, got 0", true);
    refused(ones([]), 1, "ShapeError", "expected [places] or [rows, places], got []");
    refused(ones([2, 2, 2]), 1, "ShapeError", "expected [places] or [rows, places], got [2, 2, 2]");
    refused(ones([3], { dtype: "int32" }), 1, "TypeError", "expected a float tensor, got int32");
    expect(generator.getState()).toEqual(before);
  });
});
