import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, randn, sample, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const generator = new Generator(5);
const list = (x: Tensor) => [...x.dataSync()];
const shares = (logits: number[], options: object, count = 6000) => {
  const drawn = list(sample(tensor(logits).expand([count, logits.length]), { generator, ...options }));
  return logits.map((_, place) => drawn.filter((d) => d === place).length / count);
};
const expectShares = (got: number[], expected: number[]) =>
  expected.forEach((share, i) => {
    if (share === 0) expect(got[i]).toBe(0);
    else expect(Math.abs((got[i] as number) - share)).toBeLessThan(0.03);
  });

describe("sample", () => {
  const p = [0.1, 0.4, 0.3, 0.2];
  const logits = p.map(Math.log);

  test("draws each place as often as the softmax says", () => {
    expectShares(shares(logits, {}), p);
    const sharp = F.softmax(tensor(logits).div(0.5), { dim: 0 });
    expectShares(shares(logits, { temperature: 0.5 }), list(sharp));
  });

  test("draws from the topK largest alone, and from the likeliest that weigh topP", () => {
    expectShares(shares(logits, { topK: 2 }), [0, 4 / 7, 3 / 7, 0]);
    expectShares(shares(logits, { topK: 1 }), [0, 1, 0, 0]);
    expectShares(shares(logits, { topK: 9 }), p);
    expectShares(shares(logits, { topP: 0.65 }), [0, 4 / 7, 3 / 7, 0]);
    expectShares(shares(logits, { topP: 0.75 }), [0, 4 / 9, 3 / 9, 2 / 9]);
    expectShares(shares(logits, { topP: 0.01 }), [0, 1, 0, 0]);
    // Of the three that topK leaves, two weigh 7/9.
    expectShares(shares(logits, { topK: 3, topP: 0.7 }), [0, 4 / 7, 3 / 7, 0]);
  });

  test("keeps what equals the last one kept, and never draws -Infinity", () => {
    expectShares(shares([1, 1, 1, 0], { topK: 2 }), [1 / 3, 1 / 3, 1 / 3, 0]);
    expectShares(shares([0, Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY], {}), [0.5, 0, 0.5, 0]);
    expectShares(shares([0, Number.NEGATIVE_INFINITY, 0, -20], { topK: 3, topP: 0.9 }), [0.5, 0, 0.5, 0]);
  });

  test("finds the k-th largest among many close ones", () => {
    const many = randn([1, 5000], { generator: new Generator(2) });
    const best = new Set(list(F.topk(many, { k: 3 }).indices));
    const drawn = list(sample(many.expand([60, 5000]), { topK: 3, generator }));
    expect(new Set(drawn)).toEqual(best);
  });

  test("takes the largest at temperature 0, without a call; else one call for the whole tensor", () => {
    const x = randn([3, 4, 5], { generator: new Generator(1) });
    const [a, b] = [new Generator(3), new Generator(3)];
    expect(list(sample(x, { temperature: 0, generator: a }))).toEqual(list(x.argmax({ dim: -1 })));
    expect(a.getState()).toEqual(b.getState());
    const drawn = sample(x, { generator: a });
    expect([drawn.shape, drawn.dtype]).toEqual([[3, 4], "int32"]);
    randn([1], { generator: b });
    expect(a.getState()).toEqual(b.getState());
    expect(sample(ones([4], { dtype: "float64" }), { topP: 0.5, generator: a }).shape).toEqual([]);
  });

  test("refuses what it cannot draw from, and takes no call", () => {
    const before = generator.getState();
    const refused = (x: Tensor, options: object, name: string, message: string) =>
      expectRefusal(() => sample(x, { generator, ...options }), name, `sample: ${message}`);
    const x = ones([2, 3]);
    refused(x, { temperature: -1 }, "RangeError", "expected a finite temperature of 0 or more, got -1");
    refused(x, { temperature: Number.NaN }, "RangeError", "expected temperature to be a number, got NaN");
    refused(x, { topK: 0 }, "RangeError", "expected topK to be a positive integer, got 0");
    refused(x, { topP: 0 }, "RangeError", "expected topP in (0, 1], got 0");
    refused(x, { topP: 1.1 }, "RangeError", "expected topP in (0, 1], got 1.1");
    refused(x, { topk: 2 }, "TypeError", "expected the options");
    refused(ones([2, 0]), {}, "ShapeError", "expected [..., places] with at least one place, got [2, 0]");
    refused(ones([]), {}, "ShapeError", "expected [..., places] with at least one place, got []");
    refused(ones([2], { dtype: "int32" }), {}, "TypeError", "expected a float tensor, got int32");
    expect(generator.getState()).toEqual(before);
  });
});
