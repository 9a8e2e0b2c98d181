/** What a metric keeps between batches: that it can go on, begins anew, holds no more than it must, and is outside of tidy and the graph. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, memory, setDefaultBackend, tidy } from "../../index";
import { hostBackend } from "../../testing/backends";
import { expectRejection } from "../../testing/refusal";
import { AUROC } from "../index";
import { byScore, cases, measure } from "./testing/cases";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

describe("all metrics", () => {
  test.each(cases)("$name can go on after compute(), begins anew after reset(), and says when it has seen nothing", async (given) => {
    const metric = given.make();
    await expectRejection(
      metric.compute(),
      "TypeError",
      ": expected a batch before compute(), got none - call update(output, target) first",
    );
    metric.update(...given.batch(0, 10));
    await metric.compute();
    metric.update(...given.batch(10, given.length));
    expect(await metric.compute()).toEqual(await measure(given, [0]));
    metric.reset();
    metric.reset();
    await expectRejection(metric.compute(), "TypeError", "got none");
    metric.update(...given.batch(0, given.length));
    expect(await metric.compute()).toEqual(await measure(given, [0]));
  });

  test.each(cases)("$name reads what was there when it was asked, whatever follows", async (given) => {
    const metric = given.make();
    metric.update(...given.batch(0, given.length));
    const value = metric.compute();
    metric.update(...given.batch(0, 3));
    metric.reset();
    expect(await value).toEqual(await measure(given, [0]));
  });

  test.each(cases)("$name survives the tidy around it, and is outside the graph", async (given) => {
    const metric = given.make();
    tidy(() => {
      const [output, target] = given.batch(0, given.length);
      output.requiresGrad = true;
      metric.update(output.mul(1), target);
    });
    expect(await metric.compute()).toEqual(await measure(given, [0]));
  });

  test.each(cases.filter(({ name }) => name !== "AUROC"))("$name takes the same memory after 5 batches and after 200", (given) => {
    const metric = given.make();
    const looks: number[] = [];
    for (let i = 1; i <= 200; i++) {
      tidy(() => metric.update(...given.batch(0, given.length)));
      if (i === 5 || i === 200) looks.push(memory().tensors, memory().bytes);
    }
    expect(looks.slice(2)).toEqual(looks.slice(0, 2));
  });

  test("AUROC keeps 8 bytes for each sample until reset()", () => {
    const metric = new AUROC();
    const before = memory().bytes;
    for (let i = 0; i < 10; i++) tidy(() => metric.update(...byScore(0, 40)));
    expect(memory().bytes - before).toBe(10 * 40 * 8);
    metric.reset();
    expect(memory().bytes).toBe(before);
  });

  test("a batch that fails while it is added changes nothing", async () => {
    let fails = false;
    const backend = hostBackend("failing");
    const failing: Backend = {
      ...(backend as Backend),
      allocate(dtype, length) {
        if (fails) throw new Error("no more");
        return backend.allocate(dtype, length);
      },
    };
    setDefaultBackend(failing);
    for (const given of cases) {
      const metric = given.make();
      tidy(() => metric.update(...given.batch(0, given.length)));
      const before = memory().tensors;
      const batch = given.batch(0, 5);
      fails = true;
      expect(() => metric.update(...batch)).toThrow("no more");
      fails = false;
      expect(memory().tensors).toBe(before + 2);
      expect(await metric.compute()).toEqual(await measure(given, [0]));
      metric.reset();
      for (const x of batch) x.dispose();
    }
  });
});
