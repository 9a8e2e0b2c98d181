/** What metrics refuse, and that they then are as they were. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, memory, setDefaultBackend, tensor, tidy } from "../../index";
import { blindBackend, hostBackend } from "../../testing/backends";
import { expectRefusal, expectRejection } from "../../testing/refusal";
import { Accuracy, AUROC, BrierScore, CalibrationError, ConfusionMatrix, type Metric, NegativeLogLikelihood, TopKAccuracy } from "../index";
import { C, cases, measure, rows } from "./testing/cases";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

describe("all metrics", () => {
  test.each(cases)("$name refuses what does not fit, and is as it was", async (given) => {
    const metric = given.make();
    tidy(() => metric.update(...given.batch(0, given.length)));
    const [output, target] = given.batch(0, 4);
    const gone = tensor([1]);
    gone.dispose();
    const elsewhere = tensor(target.dataSync(), { backend: hostBackend() as Backend });
    const before = memory().tensors;
    for (const wrong of [tensor([0, 1]), tensor(new Int32Array(8), { shape: [4, 2] })]) {
      expectRefusal(() => metric.update(output, wrong), "ShapeError");
      wrong.dispose();
    }
    expectRefusal(() => metric.update(output, elsewhere), "BackendMismatchError");
    expectRefusal(() => metric.update(output, gone), "DisposedError");
    expectRefusal(() => metric.update(gone, target), "DisposedError");
    expectRefusal(() => metric.update([1] as never, target), "TypeError", ": expected a Tensor, got an array of 1");
    expectRefusal(() => metric.update(output, undefined as never), "TypeError", "expected the target to be a Tensor, got undefined");
    expect(memory().tensors).toBe(before);
    expect(await metric.compute()).toEqual(await measure(given, [0]));
  });

  test("refuse classes that are not there, where the host can look; elsewhere these count as wrong", async () => {
    const output = tensor(rows.slice(0, 2));
    for (const make of [
      () => new Accuracy(),
      () => new TopKAccuracy({ k: 2 }),
      () => new CalibrationError(),
      () => new NegativeLogLikelihood(),
      () => new BrierScore(),
      () => new ConfusionMatrix({ numClasses: C }),
    ]) {
      for (const bad of [-1, C, 2 ** 31 - 1]) {
        const metric: Metric<unknown> = make();
        expectRefusal(
          () => metric.update(output, tensor(new Int32Array([0, bad]))),
          "RangeError",
          `expected classes from 0 to ${C - 1}, got ${bad}`,
        );
        await expectRejection(metric.compute() as Promise<unknown>, "TypeError", "got none");
      }
    }
    for (const metric of [new AUROC(), new Accuracy({ threshold: 0 })]) {
      expectRefusal(() => metric.update(tensor([0.5, 1]), tensor([0, 2])), "RangeError", "expected targets of 0 and 1, got 2");
    }
    setDefaultBackend(blindBackend() as Backend);
    const logits = tensor([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    const target = tensor(new Int32Array([0, -1, 2]));
    const [accuracy, top, matrix] = [new Accuracy(), new TopKAccuracy({ k: 1 }), new ConfusionMatrix({ numClasses: 2 })];
    accuracy.update(logits, target);
    matrix.update(logits, target);
    top.update(logits, target);
    expect(await accuracy.compute()).toBeCloseTo(1 / 3, 12);
    expect(await top.compute()).toBeCloseTo(1 / 3, 12);
    expect(await matrix.compute()).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  test("refuse options that cannot be", () => {
    expectRefusal(() => new TopKAccuracy({ k: 0 }), "RangeError", "TopKAccuracy: expected k to be a positive integer, got 0");
    expectRefusal(() => new TopKAccuracy({} as never), "TypeError", "TopKAccuracy: expected k");
    expectRefusal(
      () => new ConfusionMatrix({ numClasses: 2 ** 16 }),
      "RangeError",
      "ConfusionMatrix: expected numClasses of at most 32768",
    );
    expectRefusal(() => new ConfusionMatrix({ numClasses: 3, threshold: 0 }), "RangeError", "numClasses of 2 with a threshold, got 3");
    expectRefusal(() => new CalibrationError({ nBins: 1.5 }), "RangeError", "CalibrationError: expected nBins");
    expectRefusal(() => new Accuracy({ threshold: Number.NaN }), "RangeError", "Accuracy: expected threshold to be a number, got NaN");
    expectRefusal(() => new Accuracy({ treshold: 1 } as never), "TypeError", "did you mean threshold?");
    expectRefusal(() => new Accuracy({ ignoreIndex: 0.5 }), "RangeError", "Accuracy: expected ignoreIndex to be an integer, got 0.5");
    const output = tensor(rows.slice(0, 1));
    const target = tensor(new Int32Array(1));
    expectRefusal(
      () => new TopKAccuracy({ k: 5 }).update(output, target),
      "RangeError",
      "TopKAccuracy: expected outputs of at least 5 classes, as k says, got 4",
    );
    expectRefusal(
      () => new ConfusionMatrix({ numClasses: 3 }).update(output, target),
      "ShapeError",
      "expected outputs of 3 classes, as numClasses says, got 4",
    );
  });
});
