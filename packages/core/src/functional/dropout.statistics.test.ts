import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, randn } from "../index";

const keptOf = (n: number, p: number, generator: Generator) =>
  F.dropout(ones([n]), { p, generator })
    .dataSync()
    .map((x) => Number(x !== 0));
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, x) => total + x, 0);

/** The correlation of two series of zeros and ones. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const [meanA, meanB] = [sum(a) / n, sum(b) / n];
  let [covariance, varianceA, varianceB] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    covariance += x * y;
    varianceA += x * x;
    varianceB += y * y;
  }
  return covariance / Math.sqrt(varianceA * varianceB);
}

describe("masks", () => {
  test.each([0.1, 0.3, 0.5, 0.9])("keep the right part: within 4 sigma over 100 seeds, at p = %s", (p) => {
    const n = 4000;
    const fractions = Array.from({ length: 100 }, (_, seed) => sum(keptOf(n, p, new Generator(seed))) / n);
    const sigma = Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(sum(fractions) / 100 - (1 - p))).toBeLessThan((4 * sigma) / 10);
    for (const fraction of fractions) expect(Math.abs(fraction - (1 - p))).toBeLessThan(4.9 * sigma); // 100 looks at 4 sigma would be missed by chance
    const spread = Math.sqrt(sum(fractions.map((f) => (f - (1 - p)) ** 2)) / 100);
    expect(spread / sigma).toBeGreaterThan(0.7);
    expect(spread / sigma).toBeLessThan(1.3);
  });

  test("have no correlation between neighbouring elements, within a block of four and across", () => {
    const n = 100_000;
    const mask = keptOf(n, 0.4, new Generator(1));
    for (const lag of [1, 2, 3, 4, 5, 8, 64, 1024]) {
      expect(Math.abs(correlation(mask.subarray(0, n - lag), mask.subarray(lag)))).toBeLessThan(4 / Math.sqrt(n - lag));
    }
  });

  test("have no correlation between successive calls, nor between neighbouring seeds", () => {
    const n = 50_000;
    const generator = new Generator(2);
    const calls = Array.from({ length: 5 }, () => keptOf(n, 0.5, generator));
    const seeds = [3, 4, 5].map((seed) => keptOf(n, 0.5, new Generator(seed)));
    const all = [...calls, ...seeds];
    all.forEach((a, i) => {
      for (const b of all.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(4 / Math.sqrt(n));
    });
  });

  test("keep the expected value of the input", () => {
    const n = 100_000;
    const output = F.dropout(ones([n]).mul(0.8), { p: 0.2, generator: new Generator(6) }).dataSync();
    expect(Math.abs(sum(output) / n - 0.8)).toBeLessThan(4 * Math.sqrt((0.64 * 0.2) / 0.8 / n));
  });
});

describe("feature dropout", () => {
  test.each([
    ["dropout1d", [40, 25, 7], 7],
    ["dropout2d", [40, 25, 3, 3], 9],
    ["dropout3d", [40, 25, 2, 2, 2], 8],
    ["featureAlphaDropout", [40, 25, 2, 3], 6],
  ] as const)("%s drops each channel whole or not at all, the right part of them", (name, shape, inner) => {
    const data = F[name](ones(shape), { p: 0.3, training: true, generator: new Generator(7) }).dataSync();
    const kept = Math.max(...data);
    let channels = 0;
    for (let channel = 0; channel < 1000; channel++) {
      const values = new Set(data.subarray(channel * inner, (channel + 1) * inner));
      expect(values.size).toBe(1);
      channels += Number(values.has(kept));
    }
    expect(Math.abs(channels / 1000 - 0.7)).toBeLessThan(4 * Math.sqrt(0.21 / 1000));
  });
});

describe("alpha dropout", () => {
  test.each([0.1, 0.2, 0.5, 0.8])("keeps mean and standard deviation of 100,000 normals within 0.05, at p = %s", (p) => {
    const x = randn([100_000], { generator: new Generator(8) });
    const y = F.alphaDropout(x, { p, training: true, generator: new Generator(9) });
    expect(Math.abs(y.mean().itemSync())).toBeLessThan(0.05);
    expect(Math.abs(y.std().itemSync() - 1)).toBeLessThan(0.05);
  });

  test("of channels keeps them, too, over many channels", () => {
    const x = randn([200, 100, 5], { generator: new Generator(10) });
    const y = F.featureAlphaDropout(x, { p: 0.5, training: true, generator: new Generator(11) });
    expect(Math.abs(y.mean().itemSync())).toBeLessThan(0.05);
    expect(Math.abs(y.std().itemSync() - 1)).toBeLessThan(0.05);
  });
});
