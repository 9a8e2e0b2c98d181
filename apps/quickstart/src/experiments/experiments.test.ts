import { cpu } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { twoMoonsSource } from "../data/two-moons";
import { PROGRAMS, type Program, trainProgram } from "../programs/programs";
import { compareBackends } from "./backends";
import { checkDeterminism } from "./determinism";
import { monteCarlo, nearAndFar } from "./monte-carlo";
import { compareOverfitting, OVERFIT_ROWS } from "./overfit";

const source = twoMoonsSource();
const split = source.split(1n, { train: 256, test: 100 });
const trained = () => trainProgram(PROGRAMS[0] as Program, split.train, { seed: 1n, epochs: 5 });

/** A progress that counts. */
const counter = () => {
  const seen = {
    steps: 0,
    advance(steps = 1) {
      seen.steps += steps;
    },
    done() {},
  };
  return seen;
};

describe("compareOverfitting", () => {
  it("measures both models for each seed, repeats with the seed, and reports every epoch", async () => {
    const progress = counter();
    const { results } = await compareOverfitting(source, { seed: 3n, seeds: 2, epochs: 2, progress });
    expect(results.map(({ seed }) => seed)).toEqual([3n, 4n]);
    expect(progress.steps).toBe(2 * 2 * 2);
    for (const { without, with: dropped } of results) {
      for (const share of [without.train, without.test, dropped.train, dropped.test]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    }
    const again = await compareOverfitting(source, { seed: 4n, seeds: 1, epochs: 2, progress });
    expect(again.results).toEqual(results.slice(1));
  });

  it("lets the model without dropout learn wrong labels by heart", async () => {
    const { results } = await compareOverfitting(source, { seed: 0n, seeds: 1, epochs: 60, progress: counter() });
    // One label in five is wrong: more than 90% right on training rows is memory, and it costs accuracy on new ones.
    const { without } = results[0] as (typeof results)[number];
    expect(without.train).toBeGreaterThan(0.9);
    expect(without.test).toBeLessThan(without.train);
    expect(source.split(0n, OVERFIT_ROWS).train.count).toBe(OVERFIT_ROWS.train);
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
    const { model } = await trained();
    const spreads = await monteCarlo(model, split.test, { seed: 2n, passes: 40 });
    expect(spreads).toHaveLength(100);
    for (const { evaluated, mean, deviation } of spreads) {
      expect(Math.abs(mean - evaluated)).toBeLessThan(0.3);
      expect(deviation).toBeLessThanOrEqual(0.5); // no spread within [0, 1] is larger
    }
    expect(spreads.some(({ deviation }) => deviation > 0.01)).toBe(true);
    expect(await monteCarlo(model, split.test, { seed: 2n, passes: 40 })).toEqual(spreads);
    expect(model.training).toBe(false);
  });

  it("tells rows near the boundary from rows far away", () => {
    const spreads = [0.1, 0.5, 0.9, 0.45, 0.02, 0.6].map((evaluated) => ({ evaluated, mean: 0, deviation: evaluated }));
    expect(nearAndFar(spreads)).toEqual({ near: expect.closeTo((0.5 + 0.45) / 2, 9), far: expect.closeTo((0.9 + 0.02) / 2, 9) });
  });
});

describe("compareBackends", () => {
  it("finds no difference between a backend and itself", async () => {
    const progress = counter();
    const entries = [
      { name: "cpu", backend: cpu },
      { name: "cpu", backend: cpu },
    ] as const;
    const [reference, again] = await compareBackends(entries, split.train, { seed: 1n, epochs: 2, progress });
    expect(reference?.finalLosses).toHaveLength(3);
    expect(again).toMatchObject({ lossDifference: 0, sameMask: true, finalLosses: reference?.finalLosses });
    expect(again?.stepsPerSecond).toBeGreaterThan(0);
    expect(progress.steps).toBe(2 * 3 * 2);
  });
});
