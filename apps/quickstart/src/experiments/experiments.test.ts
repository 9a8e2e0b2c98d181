import { type Backend, cpu, nn, type TypedArray } from "@dropwise/core";
import { referenceKernels } from "@dropwise/core/backend";
import { describe, expect, it } from "vitest";
import { digitsSource } from "../data/digits";
import { ask } from "../data/source";
import { twoMoonsSource } from "../data/two-moons";
import { PROGRAMS, type Program, trainProgram } from "../programs/programs";
import { describeAgreement } from "./agreement";
import { compareBackends, testRounding } from "./backends";
import { compareDropout } from "./comparison";
import { checkDeterminism } from "./determinism";
import { accuracyByDoubt, doubtfulAndSure, monteCarlo, rightAndWrong, type Spread } from "./monte-carlo";
import { OVERFIT_ROWS } from "./overfit";
import { largest, probabilities, score, trainWide } from "./wide";

const moons = twoMoonsSource();
const split = ask(moons.question, moons.split(1n, { train: 256, test: 100 }));
const digits = digitsSource().split(0n, { train: 200, test: 100 });
const trained = () => trainProgram(PROGRAMS[0] as Program, split.train, { seed: 1n, epochs: 5 });

/** A progress that counts. */
const counter = () => {
  const seen = {
    steps: 0,
    advance() {
      seen.steps++;
    },
    done() {},
  };
  return seen;
};

const wide = (epochs: number) => trainWide(digits.train, { classes: 10, p: 0.5, seed: 3n, epochs, progress: counter() });

describe("the wide model", () => {
  it("tells ten classes apart, and is in eval mode after training", async () => {
    const model = wide(8);
    expect(model.training).toBe(false);
    const { accuracy, loss } = await score(model, digits.test);
    expect(accuracy).toBeGreaterThan(0.6);
    expect(loss).toBeLessThan(Math.log(10));
  });

  it("gives probabilities whose logarithms are the loss", async () => {
    const model = wide(1);
    const all = await probabilities(model, digits.test);
    expect(all).toHaveLength(100 * 10);
    const rows = Array.from({ length: 100 }, (_, row) => all.subarray(row * 10, row * 10 + 10));
    for (const row of rows) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const { accuracy, loss } = await score(model, digits.test);
    const right = rows.filter((row, i) => largest(row) === digits.test.targets[i]).length;
    expect(accuracy).toBe(right / 100);
    expect(loss).toBeCloseTo(-rows.reduce((sum, row, i) => sum + Math.log(row[digits.test.targets[i] as number] as number) / 100, 0), 4);
  });
});

describe("compareDropout", () => {
  it("measures both models for each seed, repeats with the seed, and reports every epoch", async () => {
    const progress = counter();
    const splitOf = (seed: bigint) => moons.split(seed, OVERFIT_ROWS);
    const { results } = await compareDropout(splitOf, { classes: 2, seed: 3n, seeds: 2, epochs: 2, progress });
    expect(results.map(({ seed }) => seed)).toEqual([3n, 4n]);
    expect(progress.steps).toBe(2 * 2 * 2);
    for (const { without, with: dropped } of results) {
      for (const share of [without.train, without.test, dropped.train, dropped.test, dropped.leftOn]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    }
    const again = await compareDropout(splitOf, { classes: 2, seed: 4n, seeds: 1, epochs: 2, progress });
    expect(again.results).toEqual(results.slice(1));
  });

  it("lets the model without dropout learn wrong labels by heart", async () => {
    const progress = counter();
    const { results } = await compareDropout((seed) => moons.split(seed, OVERFIT_ROWS), {
      classes: 2,
      seed: 0n,
      seeds: 1,
      epochs: 60,
      progress,
    });
    // One label in five is wrong: more than 90% right on training rows is memory, and it costs accuracy on new ones.
    const { without } = results[0] as (typeof results)[number];
    expect(without.train).toBeGreaterThan(0.9);
    expect(without.test).toBeLessThan(without.train);
    expect(moons.split(0n, OVERFIT_ROWS).train.count).toBe(OVERFIT_ROWS.train);
  });

  it("finds digits harder with dropout left on", async () => {
    const { results, model } = await compareDropout(() => digits, { classes: 10, seed: 1n, seeds: 1, epochs: 8, progress: counter() });
    const { with: dropped } = results[0] as (typeof results)[number];
    expect(dropped.leftOn).toBeLessThan(dropped.test);
    expect(model.training).toBe(false);
  });
});

describe("checkDeterminism", () => {
  it("finds that eval and seeds repeat, and that training passes do not", async () => {
    const { model } = await trained();
    const found = await checkDeterminism(model, split, { seed: 1n, epochs: 2 });
    expect(found).toMatchObject({ evalRepeats: true, sameSeedSameLosses: true, otherSeedOtherLosses: true });
    expect(found.trainChanges).toBeGreaterThan(0.9);
  });
});

describe("monteCarlo", () => {
  it("has passes that spread around the answer without dropout, repeat with the seed, and leave the model in eval mode", async () => {
    const model = wide(8);
    const spreads = await monteCarlo(model, digits.test, { seed: 2n, passes: 20 });
    expect(spreads).toHaveLength(100);
    const evaluated = await probabilities(model, digits.test);
    spreads.forEach((spread, row) => {
      expect(spread.row).toBe(row);
      expect(spread.evaluated).toBe(evaluated[row * 10 + spread.answer]);
      expect(spread.evaluated).toBe(evaluated.subarray(row * 10, row * 10 + 10).reduce((a, b) => Math.max(a, b)));
      expect(Math.abs(spread.mean - spread.evaluated)).toBeLessThan(0.5);
      expect(spread.deviation).toBeLessThanOrEqual(0.5); // no spread within [0, 1] is larger
      expect(spread.votes.reduce((a, b) => a + b)).toBe(20);
    });
    expect(spreads.some(({ deviation }) => deviation > 0.01)).toBe(true);
    expect(await monteCarlo(model, digits.test, { seed: 2n, passes: 20 })).toEqual(spreads);
    expect(model.training).toBe(false);
  });

  it("spreads by nothing where nothing is dropped", async () => {
    const model = trainWide(digits.train, { classes: 10, p: 0, seed: 3n, epochs: 1, progress: counter() });
    for (const { deviation, mean, evaluated } of await monteCarlo(model, digits.test, { seed: 2n, passes: 3 })) {
      expect(deviation).toBe(0);
      expect(mean).toBeCloseTo(evaluated, 6);
    }
  });

  const about = (evaluated: number, deviation: number, answer = 0): Spread => ({
    row: 0,
    answer,
    evaluated,
    mean: 0,
    deviation,
    doubt: deviation,
    votes: [],
  });

  it("groups rows by doubt, and tells how many of each group are right", () => {
    const spreads = [0.1, 0.9, 0.2, 0.8, 0.5].map((doubt, row) => ({ ...about(1, doubt, row), row }));
    expect(accuracyByDoubt(spreads, Int32Array.of(0, 9, 2, 3, 4), 2)).toEqual([
      { doubt: 0.2, accuracy: 1, rows: 2 },
      { doubt: 0.9, accuracy: 2 / 3, rows: 3 },
    ]);
  });

  it("tells rows that the model is least sure of from those that it is surest of", () => {
    const spreads = [0.9, 0.5, 0.91, 0.55, 0.98, 0.6].map((evaluated) => about(evaluated, 1 - evaluated));
    expect(doubtfulAndSure(spreads)).toEqual({ doubtful: expect.closeTo((0.5 + 0.45) / 2, 9), sure: expect.closeTo((0.09 + 0.02) / 2, 9) });
  });

  it("tells rows that the model gets right from those that it gets wrong", () => {
    const spreads = [about(1, 0.1, 3), about(1, 0.3, 4), about(1, 0.5, 5)].map((spread, row) => ({ ...spread, row }));
    expect(rightAndWrong(spreads, Int32Array.of(3, 4, 6))).toEqual({ right: expect.closeTo(0.2, 9), wrong: 0.5 });
    expect(rightAndWrong(spreads, Int32Array.of(0, 0, 0))).toEqual({ right: null, wrong: expect.closeTo(0.3, 9) });
  });
});

describe("compareBackends", () => {
  /** The reference, and another backend beside it. */
  const entries = (other: Backend<TypedArray>) => [{ name: "cpu", backend: cpu } as const, { name: "wasm", backend: other } as const];

  const kernels = referenceKernels((storage) => storage.handle as TypedArray);

  /** A backend whose linear layers give values that are too large by this share. */
  const offBy = (share: number): Backend<TypedArray> => ({
    ...cpu,
    name: "wasm",
    linear(x, weight, bias, out) {
      kernels.linear(x, weight, bias, out);
      const values = out.storage.handle;
      for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * (1 + share);
    },
  });

  it("finds no difference between a backend and itself", async () => {
    const progress = counter();
    const { results, rounding } = await compareBackends(entries(cpu), split.train, { seed: 1n, epochs: 2, progress });
    const [reference, again] = results;
    expect(reference?.finalLosses).toHaveLength(3);
    expect(again).toMatchObject({ lossDifference: 0, alikeEpochs: 2, sameMask: true, finalLosses: reference?.finalLosses });
    expect(again?.speed.stepsPerSecond).toBeGreaterThan(0);
    expect(again?.speed.loaderShare).toBeGreaterThanOrEqual(0);
    expect(again?.speed.loaderShare).toBeLessThan(1);
    expect(rounding).toBeNull();
    expect(progress.steps).toBe(2 * 3 * 2);
  });

  it.each([0.05, 0.001])("finds a kernel that is off by a share of %d, in the first epochs", async (share) => {
    const { results } = await compareBackends(entries(offBy(share)), split.train, { seed: 1n, epochs: 2, progress: counter() });
    expect(results[1]?.earlyDifference).toBeGreaterThan(1e-5);
    expect(describeAgreement(results.slice(1), { reference: "cpu", epochs: 2, rounding: null })[1]).toMatch(/^THE LOSSES DIFFER on wasm/);
  });

  it("finds nothing in a kernel that is off by rounding", async () => {
    const { results } = await compareBackends(entries(offBy(2 ** -23)), split.train, { seed: 1n, epochs: 2, progress: counter() });
    expect(results[1]?.lossDifference).toBeGreaterThan(0);
    expect(describeAgreement(results.slice(1), { reference: "cpu", epochs: 2, rounding: null })[1]).toContain(
      "The losses of all 2 epochs are the same",
    );
  });

  it("finds a mask that differs", async () => {
    const dropout: Backend<TypedArray>["dropout"] = (spec, x, out) => kernels.dropout({ ...spec, callLo: spec.callLo + 1 }, x, out);
    const { results } = await compareBackends(entries({ ...cpu, name: "wasm", dropout }), split.train, {
      seed: 1n,
      epochs: 1,
      progress: counter(),
    });
    expect(results[1]?.sameMask).toBe(false);
  });
});

describe("testRounding", () => {
  /** A program whose loss is 1, and from epoch 3 on 2 if its rows are not those that it was made for. */
  const sensitive = (total: number): Program => ({
    ...(PROGRAMS[0] as Program),
    async train({ loader, epochs, onEpoch }) {
      let sum = 0;
      for (const [input] of loader) sum += input.sum().itemSync();
      for (let epoch = 1; epoch <= epochs; epoch++) onEpoch(epoch, epoch >= 3 && sum !== total ? 2 : 1);
      return new nn.Sequential();
    },
  });
  const rows = { count: 2, features: 2, inputs: Float32Array.of(1, 2, 3, 0), targets: Int32Array.of(0, 1) };

  it("moves every input by no more than its last bit, and stops when a training parts", async () => {
    expect(await testRounding(sensitive(6), [1, 1, 1, 1], rows, { seed: 1n, epochs: 4 })).toEqual({ trainings: 1, partedIn: 3 });
  });

  it("gives up after five trainings that go on alike", async () => {
    const zeros = { ...rows, inputs: new Float32Array(4) }; // which no rounding moves
    expect(await testRounding(sensitive(0), [1, 1, 1, 1], zeros, { seed: 1n, epochs: 4 })).toEqual({ trainings: 5, partedIn: null });
  });
});
