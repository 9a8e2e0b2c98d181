import { Generator } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { LABEL_NOISE, MOON_FEATURES, twoMoons, twoMoonsSource } from "./two-moons";

describe("twoMoons", () => {
  it("gives the same rows for the same seed, and others for another", () => {
    const rows = (seed: number) => twoMoons(50, { labelNoise: 0.2, generator: new Generator(seed) });
    expect(rows(1)).toEqual(rows(1));
    expect(rows(1).inputs).not.toEqual(rows(2).inputs);
  });

  it("puts rows near an arc of radius 1, by class", () => {
    const { inputs, targets, count } = twoMoons(500, { labelNoise: 0, generator: new Generator(3) });
    for (let row = 0; row < count; row++) {
      const x = (inputs[row * MOON_FEATURES] as number) + 0.5;
      const y = (inputs[row * MOON_FEATURES + 1] as number) + 0.25;
      const radius = targets[row] === 0 ? Math.hypot(x, y) : Math.hypot(x - 1, y - 0.5);
      expect(Math.abs(radius - 1)).toBeLessThan(0.15 * 5); // five deviations
    }
    expect(targets.reduce((a, b) => a + b)).toBe(250);
  });

  it("flips about the share of labels it is told to, and moves no row by it", () => {
    const clean = twoMoons(2000, { labelNoise: 0, generator: new Generator(4) });
    const noisy = twoMoons(2000, { labelNoise: 0.2, generator: new Generator(4) });
    expect(noisy.inputs).toEqual(clean.inputs);
    const flipped = noisy.targets.filter((target, row) => target !== clean.targets[row]).length;
    expect(Math.abs(flipped / 2000 - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 2000));
  });
});

describe("twoMoonsSource", () => {
  it("repeats with the seed, with true labels on rows kept aside", () => {
    const source = twoMoonsSource();
    const split = source.split(9n, { train: 100, test: 200 });
    expect(source.split(9n, { train: 100, test: 200 })).toEqual(split);
    expect([split.train.count, split.test.count, source.labelNoise]).toEqual([100, 200, LABEL_NOISE]);
    expect([...split.test.targets]).toEqual(Array.from({ length: 200 }, (_, i) => i % 2));
  });
});
