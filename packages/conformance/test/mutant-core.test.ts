/** Faults of core itself: the suite covers what a backend and core do together. */
import type * as Core from "@dropwise/core";
import { describe, expect, test, vi } from "vitest";
import { checksById } from "../src/suite";
import { CPU, expectNoticed } from "./notices";

const faulty = vi.hoisted(() => ({ takesCallsWhenRefused: false, now: "" }));

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
  return { ...core, functional: { ...core.functional, dropout, ...wrongWindows(core) } };
});

/** Functions of windows, each with a fault of its own while it is on. */
function wrongWindows({ cat, functional: F }: typeof Core): Partial<typeof Core.functional> {
  return {
    conv2d(x, weight, options) {
      const groups = options?.groups ?? 1;
      if (faulty.now !== "groups mixed" || groups === 1) return F.conv2d(x, weight, options);
      const mixed = weight.reshape([groups, -1, ...weight.shape.slice(1)]).transpose(0, 1);
      return F.conv2d(x, mixed.reshape(weight.shape), options);
    },
    convTranspose1d(x, weight, options) {
      return F.convTranspose1d(x, weight, faulty.now === "no outputPadding" ? { ...options, outputPadding: 0 } : options);
    },
    maxPool1d(x, options) {
      const y = F.maxPool1d(x, options);
      return faulty.now === "a window too many in ceilMode" && options.ceilMode ? cat([y, y.slice(-1, -1)], { dim: -1 }) : y;
    },
    avgPool2d(x, options) {
      return F.avgPool2d(x, faulty.now === "padding always counted" ? { ...options, countIncludePad: true } : options);
    },
  };
}

/** Each fault, and the test that must notice. */
const WINDOWS = [
  ["groups mixed", 'conv2d of [2,4,5,5] and [6,2,2,2] {"groups":2}'],
  ["no outputPadding", 'convTranspose1d of [2,3,5] and [3,2,3] and [2] {"stride":2,"padding":1,"outputPadding":1}'],
  ["a window too many in ceilMode", "adds no window in ceilMode that would start behind the end"],
  ["padding always counted", 'avgPool2d of [1,2,7,6] {"kernelSize":3,"stride":2,"padding":1,"countIncludePad":false}'],
] as const;

const refusals = [...checksById].filter(([id]) => /^errors > refuses (p|an element offset|a mask shape)/.test(id));

describe("the suite", () => {
  test.each(refusals)("notices a call number that a refused call takes: %s", async (id, check) => {
    faulty.takesCallsWhenRefused = false;
    await check(CPU);
    if (id.includes("NaN")) return; // of alphaDropout, which has no fault here
    faulty.takesCallsWhenRefused = true;
    await expect(async () => check(CPU)).rejects.toThrow("next call: expected 5, got 6");
  });

  test.each(WINDOWS)("notices in convolution and pooling: %s", async (fault, sentence) => expectNoticed(faulty, fault, sentence));

  test("has such refusals", () => {
    expect(refusals.length).toBeGreaterThanOrEqual(6);
  });
});
