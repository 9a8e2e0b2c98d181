/**
 * Every export of every package, called with every kind of wrong value in every place of its arguments: it works where that is said to be right, or
 * it is refused by name, and then nothing has leaked, moved or changed.
 *
 * `npm run test:arguments` goes through all backends, and takes two wrong values at a time.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, cpu } from "@dropwise/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../workspace.mjs";
import { backendsOf } from "./backends";
import { casesOf, coverageOf, INTERNAL, isHidden, PROTECTED } from "./coverage";
import { loadEntries, receivers } from "./packages";
import { sweep } from "./sweep";
import { watchCalls } from "./watch.mjs";

/** The other entry points make backends, or know of none. */
const CORE = "@dropwise/core";

/** A bound for what is stuck, as everywhere; the watcher names it earlier. */
const TIMEOUT_MS = 600_000;

const isLong = process.env.DROPWISE_ARGUMENTS === "long";
const entries = await loadEntries();
const backends: readonly Backend[] = isLong ? await backendsOf() : [cpu];
const totals = { exports: 0, places: 0, calls: 0 };
let watch: ReturnType<typeof watchCalls>;

beforeAll(() => {
  watch = watchCalls();
});
afterAll(() => {
  watch.stop();
  console.log(`${totals.exports} exports with ${totals.places} places, called ${totals.calls} times`);
});

describe.each(entries)("exports", ({ name: entry, callables: all, cases }) => {
  const callables = all.filter((callable) => !isHidden(callable));

  test(`have a case each, and no other, in ${entry}`, () => {
    expect(coverageOf(callables, cases)).toEqual({ missing: [], stale: [] });
  });

  for (const backend of entry === CORE ? backends : [cpu]) {
    for (const { name, ready } of casesOf(callables, cases, receivers)) {
      test(`${name} takes wrong arguments on ${backend.name}`, { timeout: TIMEOUT_MS }, async ({ skip }) => {
        const prepared = ready();
        const { lines, calls, unsupported } = await sweep(prepared, { backend, announce: watch.announce, pairs: isLong });
        if (unsupported !== null && backend !== cpu) skip(unsupported);
        expect(unsupported).toBeNull();
        totals.exports++;
        totals.places += prepared.slots.length;
        totals.calls += calls;
        if (lines.length > 0) expect.fail(lines.join("\n"));
      });
    }
  }
});

describe("what only the library calls", () => {
  const folder = join(root, "packages", "core", "api");
  const api = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");

  test.each(INTERNAL)("%s is there, and no part of the public types", (id) => {
    expect(entries.flatMap(({ callables }) => callables.map((callable) => callable.id))).toContain(id);
    const [owner, name] = id.replace("nn.", "").split(/[.#]/);
    const members = api.split("\n}").find((block) => new RegExp(`class ${owner}\\b`).test(block));
    expect(members ?? "").not.toMatch(new RegExp(`\\b${name}\\b`));
  });

  test.each(PROTECTED)("%s is protected", (name) => {
    expect(api).toMatch(new RegExp(`protected (abstract )?${name}\\(`));
    expect(api).not.toMatch(new RegExp(`^    ${name}\\(`, "m"));
  });
});
