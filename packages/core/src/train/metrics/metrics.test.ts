/** Values beside torchmetrics and NumPy, however batches are cut, on backends of each kind. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, memory, setDefaultBackend, tensor } from "../../index";
import { blindBackend, hostBackend } from "../../testing/backends";
import { expectRefusal } from "../../testing/refusal";
import { Accuracy, AUROC, CalibrationError, ReliabilityTable, TopKAccuracy } from "../index";
import { byClass, byScore, C, cases, measure, N, rows, scores, truths } from "./testing/cases";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

const flat = (value: unknown) => [value].flat(2) as number[];

describe.each<[string, () => Backend]>([
  ["cpu", () => cpu],
  ["a host-visible backend", () => hostBackend() as Backend],
  ["a backend without views", () => blindBackend() as Backend],
])("on %s", (_, make) => {
  test.each(cases)("$name is what torchmetrics says, and the same bits however batches are cut", async (given) => {
    const backend = make();
    setDefaultBackend(backend);
    const before = memory(backend).tensors;
    const whole = await measure(given, [0]);
    flat(given.expected).forEach((expected, i) => {
      expect(flat(whole)[i]).toBeCloseTo(expected, 6);
    });
    expect(flat(whole)).toHaveLength(flat(given.expected).length);
    for (const starts of [[0, 12], [0, 1, 2, 23], [0, 7, 7, 9], Array.from({ length: given.length }, (_, i) => i)])
      expect(await measure(given, starts)).toEqual(whole);
    expect(memory(backend).tensors).toBe(before);
  });

  test.each(cases)("$name waits for nothing before compute(), which reads once", async (given) => {
    const backend = make();
    let reads = 0;
    const counted: Backend = {
      ...backend,
      read(storage, start, length) {
        reads++;
        return backend.read(storage, start, length);
      },
    };
    setDefaultBackend(counted);
    const metric = given.make();
    for (let from = 0; from < 4; from++) metric.update(...given.batch(from, from + 1));
    expect(reads).toBe(0);
    await metric.compute();
    expect(reads).toBe(1);
    metric.reset();
  });
});

describe("ReliabilityTable", () => {
  test("has a row for each bin, as NumPy says, and the same bits however batches are cut", async () => {
    const read = async (starts: readonly number[]) => {
      const table = new ReliabilityTable({ nBins: 5 });
      starts.forEach((from, i) => {
        table.update(...byClass()(from, starts[i + 1] ?? N));
      });
      return table.compute();
    };
    const table = await read([0]);
    expect(table.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0, 0.2, 0],
      [0.2, 0.4, 4],
      [0.4, 0.6, 9],
      [0.6, 0.8, 11],
      [0.8, 1, 0],
    ]);
    const expected = [0.3029158295413891, 0.4963406951566356, 0.6676251943606357];
    for (const [i, { confidence }] of table.slice(1, 4).entries()) expect(confidence).toBeCloseTo(expected[i] as number, 6);
    expect([table[0]?.confidence, table[4]?.confidence]).toEqual([Number.NaN, Number.NaN]);
    expect(table.map(({ accuracy }) => accuracy)).toEqual([Number.NaN, 1 / 4, 4 / 9, 6 / 11, Number.NaN]);
    expect(await read([0, 1, 2, 23])).toEqual(table);
    // The calibration error is the mean distance of the columns.
    const error = new CalibrationError({ nBins: 5 });
    error.update(...byClass()(0, N));
    const distance = table.reduce(
      (sum, { count, confidence, accuracy }) => sum + (count > 0 ? count * Math.abs(accuracy - confidence) : 0),
      0,
    );
    expect(await error.compute()).toBeCloseTo(distance / N, 12);
    expectRefusal(() => new ReliabilityTable({ nBins: 0 }), "RangeError", "ReliabilityTable: expected nBins to be a positive integer");
    expectRefusal(
      () => new ReliabilityTable({ bins: 3 } as never),
      "TypeError",
      "ReliabilityTable: expected the options nBins, ignoreIndex",
    );
    const nan = new ReliabilityTable({ nBins: 2 });
    nan.update(
      tensor([
        [Number.NaN, 0],
        [5, 0],
      ]),
      tensor(new Int32Array([0, 0])),
    );
    expect((await nan.compute()).map(({ confidence }) => Number.isNaN(confidence))).toEqual([true, false]);
  });
});

describe("all metrics", () => {
  test("take positions behind the classes, and single samples", async () => {
    const [output, target] = byClass()(0, N);
    const positions = output.reshape([6, 2, 2, C]).permute([0, 3, 1, 2]);
    for (const given of cases.filter(({ batch, name }) => batch !== byScore && !name.includes("ignored"))) {
      const [whole, single] = [given.make(), given.make()];
      whole.update(positions, target.reshape([6, 2, 2]));
      for (let i = 0; i < N; i++) single.update(output.slice(0, i, i + 1).squeeze(0), target.slice(0, i, i + 1).squeeze(0));
      expect(await whole.compute()).toEqual(await measure(given, [0]));
      expect(await single.compute()).toEqual(await whole.compute());
    }
  });

  test("give NaN where all targets were ignored, or none came", async () => {
    const nothing = tensor(new Int32Array([-100, -100]));
    for (const metric of [new Accuracy(), new TopKAccuracy({ k: 1 }), new CalibrationError()]) {
      metric.update(tensor(rows.slice(0, 2)), nothing);
      expect(await metric.compute()).toBeNaN();
    }
    const empty = new Accuracy();
    empty.update(tensor(new Float32Array(0), { shape: [0, 3] }), tensor(new Int32Array(0)));
    expect(await empty.compute()).toBeNaN();
  });

  test("AUROC is the share of pairs in order, by looking at all of them; logits and probabilities give the same", async () => {
    let pairs = 0;
    let won = 0;
    scores.forEach((a, i) => {
      scores.forEach((b, j) => {
        if (truths[i] !== 1 || truths[j] !== 0) return;
        pairs++;
        won += a > b ? 1 : a === b ? 0.5 : 0;
      });
    });
    const [metric, logits] = [new AUROC(), new AUROC()];
    metric.update(tensor(scores), tensor(truths).gt(0));
    logits.update(tensor(scores).mul(9).sub(4).reshape([8, 5]), tensor(truths).type("float32").reshape([8, 5]));
    expect(await metric.compute()).toBe(won / pairs);
    expect(await logits.compute()).toBe(won / pairs);
  });
});
