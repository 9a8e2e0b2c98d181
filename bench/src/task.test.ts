import { describe, expect, it } from "vitest";
import { featureShape, formatSize, inUnit, OPS, SIZES, tasksFor } from "./task";

describe("tasksFor", () => {
  it("gives every op its sizes, in order, each once", () => {
    const tasks = tasksFor({ ops: OPS, sizes: undefined, quick: false });
    const keys = tasks.map(({ op, size }) => `${op} ${size}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(tasks.filter(({ op }) => op === "dropout").map(({ size }) => size)).toEqual(["16", "1k", "64k", "1M", "16M"]);
    expect([...new Set(tasks.map(({ op }) => op))]).toEqual(OPS.filter((op) => op !== "memory" && op !== "bundle-size"));
  });

  it("takes the sizes it is given, for the elementwise ops only", () => {
    const tasks = tasksFor({ ops: ["dropout", "latency"], sizes: [100], quick: false });
    expect(tasks.map(({ op, size }) => [op, size])).toEqual([
      ["dropout", "100"],
      ["latency", "4"],
      ["latency", "16"],
    ]);
  });
});

describe("featureShape", () => {
  it.each(SIZES)("cuts %i elements into (N, C, H, W)", (elements) => {
    const shape = featureShape(elements);
    expect(shape.reduce((a, b) => a * b)).toBe(elements);
    expect(shape[2]).toBe(shape[3]);
    expect(shape[1]).toBeGreaterThan(1);
  });

  it("refuses what it cannot cut", () => {
    for (const elements of [8, 100, 2 ** 20 + 4]) expect(() => featureShape(elements)).toThrow(RangeError);
  });
});

describe("units", () => {
  it("turn nanoseconds per call into what each op is told in", () => {
    const of = (op: (typeof OPS)[number]) => tasksFor({ ops: [op], sizes: [1024], quick: true })[0]!;
    expect(inUnit(of("dropout"), 2048)).toBe(2);
    expect(inUnit(of("latency"), 1500)).toBe(1.5);
    expect(inUnit(of("loader"), 4000)).toBe(4);
    expect(inUnit(of("train-loader"), 1e5)).toBe(10_000);
    expect(inUnit(of("train-mlp"), 1e7)).toBe(100);
    expect(inUnit(of("matmul"), 2 * 128 * 784 * 1024)).toBe(1);
  });

  it("write sizes as people do", () => {
    expect([16, 1000, 1024, 65_536, 2 ** 20, 3 * 2 ** 20].map(formatSize)).toEqual(["16", "1000", "1k", "64k", "1M", "3M"]);
  });
});
