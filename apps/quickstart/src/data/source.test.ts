import { Generator } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { ask, generatorFor, randomOrder, seedPlus, takeRows } from "./source";

const rows = { count: 3, features: 2, inputs: Float32Array.of(1, 2, 3, 4, 5, 6), targets: Int32Array.of(0, 7, 2) };

describe("rows", () => {
  it("are copied with their targets", () => {
    expect(takeRows(rows, [2, 0])).toEqual({ count: 2, features: 2, inputs: Float32Array.of(5, 6, 1, 2), targets: Int32Array.of(2, 0) });
  });

  it("become the answers to a question", () => {
    const { train, test } = ask({ text: "is it odd?", yes: [1, 7] }, { train: rows, test: takeRows(rows, [1]) });
    expect([[...train.targets], [...test.targets]]).toEqual([[0, 1, 0], [1]]);
    expect([...rows.targets]).toEqual([0, 7, 2]);
    expect(train.inputs).toEqual(rows.inputs);
  });

  it("are put in an order that has each once", () => {
    expect(randomOrder(50, new Generator(1)).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

describe("seeds", () => {
  it("stay seeds at both ends of their range", () => {
    expect(seedPlus(2n ** 64n - 1n, 2)).toBe(1n);
    expect(seedPlus(-(2n ** 63n), 1)).toBe(2n ** 63n + 1n);
    expect(() => generatorFor(2n ** 64n - 1n, "shuffle")).not.toThrow();
  });
});
