import { describe, expect, test } from "vitest";
import type { Context } from "../src/case";
import { comparer } from "../src/compare";
import { checksById } from "../src/suite";
import { BITS } from "../src/tolerance";
import type { Mutant } from "./mutant";
import { fused, mutants } from "./mutants";
import { right } from "./mutants-dropout";

/** The suite's context, as `describeBackend` makes it. */
function contextFor({ create }: Mutant): Context {
  const backend = create();
  return {
    backend,
    fresh: async () => create(),
    compare: comparer(backend, BITS),
    within: (tolerance) => comparer(backend, tolerance),
    mayContract: false,
    mayFlushSubnormals: false,
  };
}

/** Runs one test of the suite; gives its failure, or null. */
async function failureOf(id: string, mutant: Mutant): Promise<string | null> {
  const check = checksById.get(id);
  if (check === undefined) throw new Error(`expected a test of the suite, got "${id}"`);
  try {
    await check(contextFor(mutant));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The tests that any fault here is caught by; those of PyTorch's largest masks take seconds and add nothing. */
const tests = [...new Set(mutants.flatMap(({ caughtBy }) => caughtBy))];

describe("the suite", () => {
  test.each(mutants)("notices $name", async (mutant) => {
    expect(mutant.caughtBy.length).toBeGreaterThan(0);
    for (const id of mutant.caughtBy) {
      const failure = await failureOf(id, mutant);
      expect(failure, id).not.toBeNull();
      expect(failure, id).toMatch(/element \d+ of \d+: expected .+, got .+, off by .+ allowed|expected .+, got /);
    }
  });

  test.each(fused.flatMap((mutant) => mutant.caughtBy.map((id) => ({ mutant, id, name: mutant.name }))))(
    "finds no fault in $name: $id",
    async ({ mutant, id }) => {
      expect(await failureOf(id, mutant)).toBeNull();
    },
  );

  test.each(tests)("finds no fault where there is none: %s", async (id) => {
    expect(await failureOf(id, right)).toBeNull();
  });
});
