/** Tests of the suite's tests: with a fault of core switched on, a check must fail, on `cpu`, too. */
import { cpu } from "@dropwise/core";
import { expect } from "vitest";
import { comparer } from "../src/compare";
import { checksById } from "../src/suite";
import { BITS } from "../src/tolerance";

/** What a check of `cpu` is given. */
export const CPU = {
  backend: cpu,
  fresh: async () => cpu,
  compare: comparer(cpu, BITS),
  within: () => comparer(cpu, BITS),
  mayContract: false,
  mayFlushSubnormals: false,
};

/** That the check whose name has `sentence` in it passes, and fails for what it finds while `fault` is on. */
export async function expectNoticed(faulty: { now: string }, fault: string, sentence: string): Promise<void> {
  const [, check] = [...checksById].find(([id]) => id.includes(sentence)) ?? [];
  if (check === undefined) throw new Error(`expected a test of the suite, got "${sentence}"`);
  faulty.now = "";
  await check(CPU);
  faulty.now = fault;
  await expect(async () => check(CPU)).rejects.toThrow(/expected .+, got /);
  faulty.now = "";
}
