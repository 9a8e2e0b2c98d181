/** Faults of core itself: the suite covers what a backend and core do together. */
import type * as Core from "@dropwise/core";
import { cpu } from "@dropwise/core";
import { describe, expect, test, vi } from "vitest";
import { comparer } from "../src/compare";
import { checksById } from "../src/suite";
import { BITS } from "../src/tolerance";

const faulty = vi.hoisted(() => ({ takesCallsWhenRefused: false }));

vi.mock("@dropwise/core", async (original) => {
  const core = await original<typeof Core>();
  const dropout: typeof core.functional.dropout = (input, options) => {
    try {
      return core.functional.dropout(input, options);
    } catch (error) {
      const generator = typeof options === "object" ? options.generator : undefined;
      if (faulty.takesCallsWhenRefused && generator !== undefined) core.functional.dropout(core.ones([1]), { generator });
      throw error;
    }
  };
  return { ...core, functional: { ...core.functional, dropout } };
});

const context = {
  backend: cpu,
  fresh: async () => cpu,
  compare: comparer(cpu, BITS),
  within: () => comparer(cpu, BITS),
  mayContract: false,
  mayFlushSubnormals: false,
};

const refusals = [...checksById].filter(([id]) => /^errors > refuses (p|an element offset|a mask shape)/.test(id));

describe("the suite", () => {
  test.each(refusals)("notices a call number that a refused call takes: %s", async (id, check) => {
    faulty.takesCallsWhenRefused = false;
    await check(context);
    if (id.includes("NaN")) return; // of alphaDropout, which has no fault here
    faulty.takesCallsWhenRefused = true;
    await expect(async () => check(context)).rejects.toThrow("next call: expected 5, got 6");
  });

  test("has such refusals", () => {
    expect(refusals.length).toBeGreaterThanOrEqual(6);
  });
});
