import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataLoader, Generator, manualSeed, RandomSampler, TensorDataset, tensor, WeightedRandomSampler } from "../index";
import { expectRefusal } from "../testing/refusal";

const seeded = (seed = 1) => new Generator(seed);
/** Host calls that `fn` takes. */
const calls = (fn: (generator: Generator) => void) => {
  const generator = seeded();
  fn(generator);
  const state = generator.getState();
  return Number(new DataView(state.buffer, state.byteOffset).getBigUint64(16, true));
};
const visited = (loader: Iterable<readonly { dataSync(): ArrayLike<number> }[]>) => {
  const places: number[] = [];
  for (const [x] of loader) places.push(...Array.from((x as { dataSync(): ArrayLike<number> }).dataSync()));
  return places;
};
const countTo = (n: number) => new TensorDataset(tensor(Int32Array.from({ length: n }, (_, i) => i)));

describe("RandomSampler", () => {
  test("gives each place once, in the order that shuffle gives for the same seed", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(1000), fc.integer({ min: 1, max: 9 }), (length, seed, batchSize) => {
        const sampler = new RandomSampler(length, { generator: seeded(seed) });
        const order = [...sampler];
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
        const shuffled = new DataLoader(countTo(length), { batchSize, shuffle: true, generator: seeded(seed) });
        expect(visited(shuffled)).toEqual(order);
        const sampled = new DataLoader(countTo(length), {
          batchSize,
          sampler: new RandomSampler(countTo(length), { generator: seeded(seed) }),
        });
        expect(visited(sampled)).toEqual(order);
        expect(sampled.length).toBe(shuffled.length);
      }),
      { numRuns: 60 },
    );
  });

  test("draws anew for each pass, from the default generator unless it has its own", () => {
    const sampler = new RandomSampler(50);
    manualSeed(4);
    const passes = [[...sampler], [...sampler]];
    expect(passes[0]).not.toEqual(passes[1]);
    const own = new RandomSampler(50, { generator: seeded(4) });
    expect([[...own], [...own]]).toEqual(passes);
  });

  test("with replacement gives places that are there, all about as often", () => {
    const sampler = new RandomSampler(4, { replacement: true, numSamples: 4000, generator: seeded() });
    expect(sampler.length).toBe(4000);
    const counts = [0, 0, 0, 0];
    for (const place of sampler) counts[place] = (counts[place] ?? 0) + 1;
    expect(counts.length).toBe(4);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect([...new RandomSampler(3, { replacement: true, generator: seeded() })].length).toBe(3);
  });

  test("without replacement goes over all again for more samples than there are, and stops early for fewer", () => {
    const many = [...new RandomSampler(5, { numSamples: 12, generator: seeded() })];
    const all = [0, 1, 2, 3, 4];
    expect([...many.slice(0, 5)].sort()).toEqual(all);
    expect([...many.slice(5, 10)].sort()).toEqual(all);
    expect(new Set(many.slice(10)).size).toBe(2);
    expect([...new RandomSampler(5, { numSamples: 2, generator: seeded() })]).toEqual(many.slice(0, 2));
  });

  test("takes one host call for each time that it goes over the samples, and with replacement one", () => {
    expect(calls((generator) => [...new RandomSampler(5, { generator })])).toBe(1);
    expect(calls((generator) => [...new RandomSampler(5, { numSamples: 12, generator })])).toBe(3);
    expect(calls((generator) => [...new RandomSampler(5, { numSamples: 12, replacement: true, generator })])).toBe(1);
    expect(calls((generator) => new RandomSampler(5, { generator }))).toBe(0);
  });

  test("refuses what has no length and numbers that cannot be", () => {
    for (const source of [undefined, null, "abc", {}])
      expectRefusal(() => new RandomSampler(source as never), "TypeError", "RandomSampler: expected ");
    for (const length of [-1, 0.5, Number.NaN, 2 ** 31])
      expectRefusal(() => new RandomSampler(length), "RangeError", "RandomSampler: expected ");
    expectRefusal(
      () => new RandomSampler(3, { numSamples: 0 }),
      "RangeError",
      "RandomSampler: expected numSamples to be a positive integer, got 0",
    );
    expectRefusal(
      () => [...new RandomSampler(0, { numSamples: 2 })],
      "RangeError",
      "RandomSampler: expected a dataset of at least one sample",
    );
  });
});

describe("WeightedRandomSampler", () => {
  test("gives places as often as their weights say", () => {
    const weights = [1, 0, 3, 0.5, 0];
    const sampler = new WeightedRandomSampler(weights, 9000, { generator: seeded() });
    const counts = weights.map(() => 0);
    for (const place of sampler) counts[place] = (counts[place] as number) + 1;
    expect([counts[1], counts[4]]).toEqual([0, 0]);
    weights.forEach((weight, i) => {
      const p = weight / 4.5;
      expect(Math.abs((counts[i] as number) - 9000 * p)).toBeLessThanOrEqual(4 * Math.sqrt(9000 * p * (1 - p)));
    });
  });

  test("without replacement gives no place twice and none of weight 0, heavy ones first and by their weights", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }), fc.nat(1000), (weights, seed) => {
        const possible = weights.filter((weight) => weight > 0).length;
        fc.pre(possible > 0);
        const places = [...new WeightedRandomSampler(weights, possible, { replacement: false, generator: seeded(seed) })];
        expect([...places].sort((a, b) => a - b)).toEqual(weights.flatMap((weight, i) => (weight > 0 ? [i] : [])));
      }),
      { numRuns: 60 },
    );
    const sampler = new WeightedRandomSampler([1, 3], 1, { replacement: false, generator: seeded() });
    let second = 0;
    for (let pass = 0; pass < 4000; pass++) second += [...sampler][0] as number;
    expect(Math.abs(second - 3000)).toBeLessThan(4 * Math.sqrt(4000 * 0.75 * 0.25));
  });

  test("takes one host call for a pass", () => {
    for (const replacement of [true, false])
      expect(calls((generator) => [...new WeightedRandomSampler([1, 2, 3], 2, { replacement, generator })])).toBe(1);
  });

  test("serves a loader, whose length is the sampler's", () => {
    const sampler = new WeightedRandomSampler(Float32Array.of(0, 1, 0), 5, { generator: seeded() });
    const loader = new DataLoader(countTo(3), { batchSize: 2, sampler });
    expect([loader.length, visited(loader)]).toEqual([3, [1, 1, 1, 1, 1]]);
  });

  test("keeps its weights, whatever becomes of the caller's", () => {
    const weights = [1, 0];
    const sampler = new WeightedRandomSampler(weights, 3);
    weights[1] = 1e9;
    expect([...sampler]).toEqual([0, 0, 0]);
  });

  test("refuses weights that cannot be", () => {
    const make = (weights: unknown, n = 1, options = {}) => new WeightedRandomSampler(weights as number[], n, options);
    expectRefusal(() => make("abc"), "TypeError", "WeightedRandomSampler: expected weights as an array of numbers");
    expectRefusal(() => make([1, "1"]), "TypeError", "WeightedRandomSampler: expected weights that are numbers");
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expectRefusal(() => make([1, bad]), "RangeError", "finite and 0 or more");
    expectRefusal(() => make([1e308, 1e308]), "RangeError", "finite sum");
    for (const none of [[], [0, 0]]) expectRefusal(() => make(none), "RangeError", "at least 1 weights above 0, got 0");
    expectRefusal(() => make([1, 0, 1], 3, { replacement: false }), "RangeError", "at least 3 weights above 0, got 2");
    expectRefusal(() => make([1], 0), "RangeError", "numSamples to be a positive integer");
  });
});

describe("the sampler of a loader", () => {
  test("may be an array or anything with a length that can be looped over", () => {
    expect(visited(new DataLoader(countTo(5), { batchSize: 2, sampler: [4, 4, 0] }))).toEqual([4, 4, 0]);
    const own = {
      length: 2,
      *[Symbol.iterator]() {
        yield 3;
        yield 1;
      },
    };
    const loader = new DataLoader(countTo(5), { batchSize: 2, sampler: own });
    expect([visited(loader), visited(loader), loader.length]).toEqual([[3, 1], [3, 1], 1]);
    expect(visited(new DataLoader(countTo(5), { batchSize: 2, dropLast: true, sampler: [1, 2, 3] }))).toEqual([1, 2]);
  });

  test("is refused where it names places that are not there, or more or fewer than it says, and closed", () => {
    let closed = 0;
    const over = (length: number, ...places: unknown[]) => ({
      length,
      *[Symbol.iterator]() {
        try {
          yield* places as number[];
        } finally {
          closed++;
        }
      },
    });
    const run = (sampler: Iterable<number> & { length: number }) => () => visited(new DataLoader(countTo(3), { sampler }));
    expectRefusal(run(over(2, 0, 3)), "RangeError", "DataLoader: expected places from the sampler from 0 to 2, got 3");
    expectRefusal(run(over(1, -1)), "RangeError", "from 0 to 2, got -1");
    expectRefusal(run(over(1, 0.5)), "TypeError", "expected places from the sampler that are integers, got 0.5");
    expectRefusal(run(over(1, 0, 1, 2)), "RangeError", "DataLoader: expected 1 places from the sampler, as its length says, got 2");
    expectRefusal(run(over(3, 0)), "RangeError", "expected 3 places from the sampler, as its length says, got 1");
    expect(closed).toBe(5);
    for (const length of [-1, 0.5, Number.NaN])
      expectRefusal(run(over(length)), "RangeError", "DataLoader: expected the sampler's length to be an integer");
    const generator = seeded();
    const before = generator.getState();
    expectRefusal(run(new RandomSampler(9, { generator })), "RangeError", "from 0 to 2, got ");
    expect(generator.getState()).toEqual(before);
  });

  test("goes with no shuffle and no generator", () => {
    for (const options of [{ shuffle: true }, { generator: seeded() }])
      expectRefusal(
        () => new DataLoader(countTo(3), { sampler: [0], ...options }),
        "TypeError",
        "DataLoader: expected a sampler alone, got one with ",
      );
    for (const sampler of [3, "012", null, {}, { length: 1 }, new Set([1])])
      expectRefusal(() => new DataLoader(countTo(3), { sampler: sampler as never }), "TypeError", "DataLoader: expected sampler to be ");
  });
});
