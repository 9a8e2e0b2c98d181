import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, getDefaultBackend, memory, nn, setDefaultBackend, type Tensor, tensor } from "../../index";
import { hostBackend } from "../../testing/backends";
import { expectRefusal, expectRejection } from "../../testing/refusal";
import { AUROC, BrierScore, CalibrationError, MeanLoss, NegativeLogLikelihood, TopKAccuracy } from "../index";
import { Counts } from "./counts";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

describe("single metrics", () => {
  test("counts go on past int32, and begin apart on another backend", async () => {
    const counts = new Counts();
    const most = 2 ** 31 - 1;
    for (const backend of [getDefaultBackend(), getDefaultBackend(), cpu]) {
      for (const value of [most, 1, 7]) counts.add("Test", { most: value, counts: () => tensor(Int32Array.of(value, 0), { backend }) });
    }
    expect(await counts.read("Test")).toEqual([3 * (most + 8), 0]);
    expectRefusal(() => counts.add("Test", { most: most + 1, counts: () => tensor([1]) }), "RangeError", "pass it in parts");
    const before = memory().tensors;
    counts.reset();
    expect(memory().tensors).toBe(before - 3);
  });

  test("TopKAccuracy ranks as F.topk does, equal outputs in order, and NaN is never right", async () => {
    const values = Array.from({ length: 60 }, (_, i) => Array.from({ length: 5 }, (_, j) => (i * 3 + j * j * 2 + i * j) % 4));
    const target = Int32Array.from({ length: 60 }, (_, i) => i % 5);
    for (let k = 1; k <= 5; k++) {
      const metric = new TopKAccuracy({ k });
      metric.update(tensor(values), tensor(target));
      const top = F.topk(tensor(values), { k }).indices.dataSync();
      const right = target.filter((c, i) => top.slice(i * k, (i + 1) * k).includes(c)).length;
      expect(await metric.compute()).toBe(right / 60);
    }
    const metric = new TopKAccuracy({ k: 1 });
    metric.update(
      tensor([
        [Number.NaN, 1],
        [2, Number.NaN],
        [Number.NaN, 3],
        [4, Number.NaN],
      ]),
      tensor(new Int32Array([0, 0, 1, 1])),
    );
    expect(await metric.compute()).toBe(0);
  });

  test("AUROC is 1, 0 and a half where all pairs are in order, in the other, and equal; NaN without both classes, or with NaN", async () => {
    const area = async (x: readonly number[], y: readonly number[]) => {
      const metric = new AUROC();
      metric.update(tensor(x), tensor(Int32Array.from(y)));
      return metric.compute();
    };
    expect(await area([-3, -2, 5], [0, 0, 1])).toBe(1);
    expect(await area([-3, -2, -5], [0, 0, 1])).toBe(0);
    expect(await area([0, -0, 0], [0, 1, 0])).toBe(0.5);
    expect(await area([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], [0, 1])).toBe(1);
    expect(await area([1, 2], [1, 1])).toBeNaN();
    expect(await area([1, 2], [0, 0])).toBeNaN();
    expect(await area([1, Number.NaN], [0, 1])).toBeNaN();
    expect(await area([Number.NaN, 1], [0, 1])).toBeNaN();
    expectRefusal(
      () => new AUROC().update(tensor(new Int32Array([1])), tensor([1])),
      "TypeError",
      "AUROC: expected a float tensor, got int32",
    );
  });

  test("CalibrationError has bins (low, high], and is NaN for NaN", async () => {
    // Sure by exactly a half: with two bins it is in the first.
    const half = new CalibrationError({ nBins: 2 });
    const logits = tensor([
      [0, 0],
      [Math.log(3), 0],
    ]);
    half.update(logits, tensor(new Int32Array([1, 0])));
    expect(await half.compute()).toBeCloseTo((0.5 + 0.25) / 2, 7);
    const one = new CalibrationError({ nBins: 1 });
    one.update(logits, tensor(new Int32Array([1, 0])));
    expect(await one.compute()).toBeCloseTo(0.125, 7);
    // As sure as can be, and right.
    const sure = new CalibrationError();
    sure.update(tensor([[200, 0]]), tensor(new Int32Array([0])));
    expect(await sure.compute()).toBe(0);
    sure.update(tensor([[Number.NaN, 0]]), tensor(new Int32Array([0])));
    expect(await sure.compute()).toBeNaN();
  });

  test("NegativeLogLikelihood and BrierScore are what one computes by hand, also of the surest and the worst answers", async () => {
    const measure = async (metric: BrierScore | NegativeLogLikelihood, logits: number[][], classes: number[]) => {
      metric.update(tensor(logits), tensor(Int32Array.from(classes)));
      return metric.compute();
    };
    const quarter = [Math.log(3), 0]; // 3/4 and 1/4
    expect(await measure(new NegativeLogLikelihood(), [quarter, quarter], [0, 1])).toBeCloseTo(-(Math.log(0.75) + Math.log(0.25)) / 2, 6);
    expect(await measure(new BrierScore(), [quarter, quarter], [0, 1])).toBeCloseTo((2 * 0.25 ** 2 + 2 * 0.75 ** 2) / 2, 6);
    const sure = [200, 0, -200];
    expect(await measure(new BrierScore(), [sure], [0])).toBe(0);
    expect(await measure(new BrierScore(), [sure], [1])).toBe(2);
    expect(await measure(new NegativeLogLikelihood(), [sure], [0])).toBe(0);
    expect(await measure(new NegativeLogLikelihood(), [sure, sure], [0, 2])).toBe(200);
    const never = [0, Number.NEGATIVE_INFINITY];
    expect(await measure(new NegativeLogLikelihood(), [never, never], [0, 1])).toBe(Number.POSITIVE_INFINITY);
    expect(await measure(new NegativeLogLikelihood(), [never, never], [0, 0])).toBe(0);
    for (const make of [() => new BrierScore(), () => new NegativeLogLikelihood()]) {
      expect(await measure(make(), [[Number.NaN, 0], sure.slice(0, 2)], [0, 0])).toBeNaN();
      // What is ignored counts for nothing, whatever it is.
      expect(await measure(make(), [[Number.NaN, 0], sure.slice(0, 2)], [-100, 0])).toBe(0);
      expect(await measure(make(), [sure], [-100])).toBeNaN();
    }
    expectRefusal(() => new BrierScore({ nBins: 3 } as never), "TypeError", "BrierScore: expected the options ignoreIndex");
    expectRefusal(
      () => new NegativeLogLikelihood().update(tensor(new Int32Array([1, 2])), tensor(new Int32Array([1]), { shape: [] })),
      "TypeError",
      "NegativeLogLikelihood: expected a float tensor",
    );
  });

  test("MeanLoss counts each batch by its size, takes modules, and refuses what is no loss", async () => {
    const loss = new MeanLoss(new nn.MSELoss());
    await expectRejection(loss.compute(), "TypeError", "MeanLoss: expected a batch before compute(), got none");
    loss.update(tensor([1, 1, 1]), tensor([0, 0, 0]));
    loss.update(tensor([5]), tensor([0]));
    expect(await loss.compute()).toBe(7);
    const before = memory().tensors;
    expectRefusal(() => loss.update(tensor([1, 1]), tensor([0])), "ShapeError");
    expect(await loss.compute()).toBe(7);
    loss.reset();
    expect(memory().tensors).toBeLessThan(before + 3);
    expectRefusal(
      () => new MeanLoss(nn.MSELoss as never),
      "TypeError",
      "MeanLoss: expected a loss, got the class of one - make one with new",
    );
    expectRefusal(() => new MeanLoss("mse" as never), "TypeError", "MeanLoss: expected loss to be a function");
    const none = new MeanLoss((x: Tensor) => x);
    expectRefusal(
      () => none.update(tensor([1, 2]), tensor([1, 2])),
      "ShapeError",
      "MeanLoss: expected one element, got shape [2] - let it give one",
    );
    expectRefusal(() => new MeanLoss((async (x: Tensor) => x) as never).update(tensor([1]), tensor([1])), "TypeError", "got a promise");
  });
});
