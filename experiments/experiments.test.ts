/** That the experiments run, repeat, judge fairly, and that the page is that of the scores that are kept. */
import { readFileSync } from "node:fs";
import { rand } from "@dropwise/core";
import { checkDropout } from "@dropwise/core/train";
import { describe, expect, test } from "vitest";
import { CLAIMS } from "./claims.mjs";
import { PAGES, readKept } from "./pages.mjs";
import { compared } from "./report.mjs";
import { judged } from "./task.mjs";

const settings = CLAIMS.flatMap(({ name, shape, settings }) =>
  settings.map((setting) => ({ what: `${name}: ${setting.name}`, shape, setting })),
);

/** Mistakes that are made to show what comes of them. */
const MEANT: Readonly<Record<string, string[]>> = {
  "dropout before it, p = 0.5": ["before-batch-norm"],
  "p = 0.9": ["high-rate", "high-rate"],
  "dropout, a new mask in each step, p = 0.3": ["shared-layer"],
};

describe("a way to train", () => {
  test.each(settings)("runs: $what", async ({ shape, setting }) => {
    const { accuracy, loss } = await judged(setting, 1, shape, 1);
    expect(accuracy).toBeGreaterThan(0);
    expect(Number.isFinite(loss)).toBe(true);
  });

  test("repeats for its seed, and differs for another", async () => {
    const [{ settings, shape }] = CLAIMS as [(typeof CLAIMS)[0]];
    const once = (seed: number) => judged(settings[2] as (typeof settings)[0], seed, shape, 2);
    expect(await once(1)).toEqual(await once(1));
    expect(await once(2)).not.toEqual(await once(1));
  });

  test("makes no mistake with dropout but the one that its claim is about", () => {
    for (const { name, shape, settings } of CLAIMS) {
      for (const { name: setting, model } of settings) {
        const kinds = checkDropout(model(), rand([4, ...shape])).map(({ kind }) => kind);
        const expected = MEANT[setting] ?? [];
        expect(kinds, `${name}: ${setting}`).toEqual(expected);
      }
    }
  });
});

describe("the comparison", () => {
  test.each([
    [[3, 4, 5, 6], [1, 2, 3, 4.1], "better"],
    [[1, 2, 3, 4.1], [3, 4, 5, 6], "worse"],
    [[1, 2, 3, 4], [2, 1, 4, 3], "no difference seen"],
    [[1, 2], [1, 2], "no difference seen"],
  ])("of %j with %j: %s", (values, others, verdict) => {
    expect(compared(values, others).verdict).toBe(verdict);
  });

  test("is by Student's t of paired differences", () => {
    // Differences 1, 2, 3: mean 2, error 1 / sqrt(3), and 4.303 of these are 2.48.
    const { mean, error, verdict } = compared([2, 4, 6], [1, 2, 3]);
    expect([mean, error]).toEqual([2, expect.closeTo(1 / Math.sqrt(3), 12)]);
    expect(verdict).toBe("no difference seen");
  });
});

test("the kept scores are of every claim that there is, and of every way to train", () => {
  const { found, seeds } = readKept();
  expect(found.map(({ name }) => name)).toEqual(CLAIMS.map(({ name }) => name));
  for (const [i, { results, says, source }] of found.entries()) {
    expect([says, source]).toEqual([CLAIMS[i]?.says, CLAIMS[i]?.source]);
    expect(results.map(({ name }) => name)).toEqual(CLAIMS[i]?.settings.map(({ name }) => name));
    for (const { scores } of results) expect(scores).toHaveLength(seeds);
  }
});

test.each(Object.entries(PAGES))("the tables of %s are what the kept scores say", (name, made) => {
  const text = readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
  expect(text).toBe(made(text, readKept()));
  expect(text).toMatch(/\| way to train +\| knows/);
});
