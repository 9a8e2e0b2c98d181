import { Generator } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { splitStratified } from "./split";

/** Rows of which every fourth is in class 1. */
const targets = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => (i % 4 === 0 ? 1 : 0));

const all = { train: 1000, test: 1000 };
const ones = (rows: readonly number[]): number => rows.filter((row) => row % 4 === 0).length;

describe("splitStratified", () => {
  it("keeps a quarter of each class aside and loses no row", () => {
    const { train, test } = splitStratified(targets(80), 2, new Generator(1), all);
    expect([train.length, test.length]).toEqual([60, 20]);
    expect([ones(train), ones(test)]).toEqual([15, 5]);
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
  });

  it("does so for any number of classes", () => {
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 5);
    const { train, test } = splitStratified(labels, 5, new Generator(1), all);
    for (let label = 0; label < 5; label++) {
      expect([train, test].map((rows) => rows.filter((row) => labels[row] === label).length)).toEqual([9, 3]);
    }
  });

  it("cuts both parts to size, with both classes in a part of some rows", () => {
    const { train, test } = splitStratified(targets(400), 2, new Generator(2), { train: 100, test: 50 });
    expect([train.length, test.length]).toEqual([100, 50]);
    expect(ones(train)).toBeGreaterThan(5);
    expect(ones(train)).toBeLessThan(50);
  });

  it("repeats with the seed and changes with it", () => {
    const train = (seed: number) => splitStratified(targets(80), 2, new Generator(seed), all).train;
    expect(train(3)).toEqual(train(3));
    expect(train(3)).not.toEqual(train(4));
  });

  it("gives each part a row of a class that has two", () => {
    const few = Int32Array.from({ length: 12 }, (_, i) => (i < 2 ? 1 : 0));
    const { train, test } = splitStratified(few, 2, new Generator(5), all);
    expect([train, test].map((rows) => rows.filter((row) => row < 2).length)).toEqual([1, 1]);
  });
});
