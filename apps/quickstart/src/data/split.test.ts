import { Generator } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import type { Rows } from "./source";
import { splitStratified, standardize } from "./split";

/** Rows of one feature that is the row's number; every fourth is class 1. */
const rows = (count: number): Rows => ({
  count,
  features: 1,
  inputs: Float32Array.from({ length: count }, (_, i) => i),
  targets: Float32Array.from({ length: count }, (_, i) => (i % 4 === 0 ? 1 : 0)),
});

const all = { train: 1000, test: 1000 };
const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

describe("splitStratified", () => {
  it("keeps a quarter of each class aside and loses no row", () => {
    const { train, test } = splitStratified(rows(80), new Generator(1), all);
    expect([train.count, test.count]).toEqual([60, 20]);
    expect([sum(train.targets), sum(test.targets)]).toEqual([15, 5]);
    expect([...train.inputs, ...test.inputs].sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
  });

  it("keeps rows and targets together", () => {
    const { train } = splitStratified(rows(80), new Generator(1), all);
    train.inputs.forEach((value, row) => {
      expect(train.targets[row]).toBe(value % 4 === 0 ? 1 : 0);
    });
  });

  it("cuts both parts to size, with both classes in a part of some rows", () => {
    const { train, test } = splitStratified(rows(400), new Generator(2), { train: 100, test: 50 });
    expect([train.count, test.count]).toEqual([100, 50]);
    expect(sum(train.targets)).toBeGreaterThan(5);
    expect(sum(train.targets)).toBeLessThan(50);
  });

  it("repeats with the seed and changes with it", () => {
    const inputs = (seed: number) => [...splitStratified(rows(80), new Generator(seed), all).train.inputs];
    expect(inputs(3)).toEqual(inputs(3));
    expect(inputs(3)).not.toEqual(inputs(4));
  });

  it("gives each part a row of a class that has two", () => {
    const few: Rows = { ...rows(12), targets: Float32Array.from({ length: 12 }, (_, i) => (i < 2 ? 1 : 0)) };
    const { train, test } = splitStratified(few, new Generator(5), all);
    expect([sum(train.targets), sum(test.targets)]).toEqual([1, 1]);
  });
});

describe("standardize", () => {
  it("brings training columns to mean 0 and deviation 1, and test columns by the same scale", () => {
    const column = (values: number[]): Rows => ({
      count: values.length,
      features: 1,
      inputs: Float32Array.from(values),
      targets: new Float32Array(values.length),
    });
    const { train, test } = standardize({ train: column([1, 3, 5, 7]), test: column([4, 9]) });
    expect(sum(train.inputs)).toBeCloseTo(0, 6);
    expect(sum(train.inputs.map((value) => value * value)) / 4).toBeCloseTo(1, 6);
    expect([...test.inputs]).toEqual([0, expect.closeTo(Math.sqrt(5), 5)]);
  });

  it("makes a constant column 0, whatever its size", () => {
    const constant: Rows = {
      count: 3,
      features: 1,
      inputs: Float32Array.of(1e7 + 0.1, 1e7 + 0.1, 1e7 + 0.1),
      targets: new Float32Array(3),
    };
    expect([...standardize({ train: constant, test: constant }).train.inputs].map(Math.abs)).toEqual([0, 0, 0]);
  });
});
