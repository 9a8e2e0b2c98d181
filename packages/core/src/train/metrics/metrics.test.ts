/** Values beside torchmetrics 1.9.0 (PyTorch 2.13, CPU) on the same numbers; AUROC also beside scikit-learn 1.9.1. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, memory, setDefaultBackend, type Tensor, tensor, tidy } from "../../index";
import { blindBackend, hostBackend } from "../../testing/backends";
import { expectRefusal, expectRejection } from "../../testing/refusal";
import {
  Accuracy,
  AUROC,
  BrierScore,
  CalibrationError,
  ConfusionMatrix,
  type Metric,
  NegativeLogLikelihood,
  ReliabilityTable,
  TopKAccuracy,
} from "../index";

const N = 24;
const C = 4;
const rows = Array.from({ length: N }, (_, i) =>
  Array.from({ length: C }, (_, j) => (((i * 7 + j * 5 + i * j * 3) % 17) - 8) / 4 + j / 64),
);
const classes = Int32Array.from({ length: N }, (_, i) => (i * i + Math.floor(i / 3)) % C);
const ignored = classes.map((c, i) => (i % 5 === 0 ? -100 : c));
const scores = Float32Array.from({ length: 40 }, (_, i) => ((i * 37) % 11) / 10);
const truths = Int32Array.from({ length: 40 }, (_, i) => Number((i * i * 3 + i) % 7 < 3));

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

const byClass =
  (target = classes) =>
  (from: number, to: number) =>
    [tensor(Float32Array.from(rows.slice(from, to).flat()), { shape: [to - from, C] }), tensor(target.slice(from, to))] as const;
const byScore = (from: number, to: number) => [tensor(scores.slice(from, to)), tensor(truths.slice(from, to))] as const;

interface Case {
  readonly name: string;
  readonly make: () => Metric<unknown>;
  readonly batch: (from: number, to: number) => readonly [Tensor, Tensor];
  readonly length: number;
  readonly expected: unknown;
}

const one = (name: string, make: Case["make"], expected: unknown, batch: Case["batch"] = byClass(), length = N): Case => ({
  name,
  make,
  batch,
  length,
  expected,
});

const cases: readonly Case[] = [
  one("Accuracy", () => new Accuracy(), 0.4583333432674408),
  one("Accuracy with ignored targets", () => new Accuracy(), 0.4736842215061188, byClass(ignored)),
  one("Accuracy with a threshold", () => new Accuracy({ threshold: 0.5 }), 0.550000011920929, byScore, 40),
  one("TopKAccuracy of 1", () => new TopKAccuracy({ k: 1 }), 0.4583333432674408),
  one("TopKAccuracy of 2", () => new TopKAccuracy({ k: 2 }), 0.625),
  one("TopKAccuracy of 3", () => new TopKAccuracy({ k: 3 }), 0.8333333134651184),
  one("TopKAccuracy of all", () => new TopKAccuracy({ k: 4 }), 1),
  one("ConfusionMatrix", () => new ConfusionMatrix({ numClasses: C }), [
    [4, 2, 0, 2],
    [0, 2, 0, 2],
    [1, 2, 3, 2],
    [1, 0, 1, 2],
  ]),
  one(
    "ConfusionMatrix with ignored targets",
    () => new ConfusionMatrix({ numClasses: C }),
    [
      [4, 2, 0, 1],
      [0, 2, 0, 2],
      [0, 2, 2, 1],
      [1, 0, 1, 1],
    ],
    byClass(ignored),
  ),
  one(
    "ConfusionMatrix with a threshold",
    () => new ConfusionMatrix({ numClasses: 2, threshold: 0.5 }),
    [
      [11, 6],
      [12, 11],
    ],
    byScore,
    40,
  ),
  one("CalibrationError", () => new CalibrationError(), 0.13543516397476196),
  one("CalibrationError of 5 bins", () => new CalibrationError({ nBins: 5 }), 0.0842752680182457),
  one("CalibrationError with ignored targets", () => new CalibrationError(), 0.153045654296875, byClass(ignored)),
  // Beside PyTorch's crossEntropy in float64, and NumPy for the next two.
  one("NegativeLogLikelihood", () => new NegativeLogLikelihood(), 1.3633693275260017),
  one("NegativeLogLikelihood with ignored targets", () => new NegativeLogLikelihood(), 1.2755037198235766, byClass(ignored)),
  one("BrierScore", () => new BrierScore(), 0.7047982223353157),
  one("BrierScore with ignored targets", () => new BrierScore(), 0.6778153839036816, byClass(ignored)),
  one("AUROC", () => new AUROC(), 0.5677749360613811, byScore, 40),
];

/** Goes over a case in batches that begin at `starts`, and reads the value. */
async function measure({ make, batch, length }: Case, starts: readonly number[]): Promise<unknown> {
  const metric = make();
  starts.forEach((from, i) => {
    const [output, target] = batch(from, starts[i + 1] ?? length);
    metric.update(output, target);
    // What a loader does.
    output.dispose();
    target.dispose();
  });
  const value = await metric.compute();
  metric.reset();
  return value;
}

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
