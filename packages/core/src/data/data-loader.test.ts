import { describe, expect, expectTypeOf, test } from "vitest";
import { DataLoader, Generator, manualSeed, memory, ones, type Tensor, TensorDataset, tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const count = (n: number) => tensor(Float32Array.from({ length: n }, (_, i) => i));
const dataset = (n = 10) =>
  new TensorDataset(count(n).reshape([n, 1]).expand([n, 2]).contiguous(), tensor(Int32Array.from({ length: n }, (_, i) => i * 10)));
/** The labels of each batch, read while it is there. */
const pass = (loader: Iterable<[Tensor, Tensor]>) => {
  const batches: number[][] = [];
  for (const [input, target] of loader) {
    expect([...input.slice(1, 0, 1).dataSync()].map((x) => x * 10)).toEqual([...target.dataSync()]);
    batches.push([...target.dataSync()].map((x) => x / 10));
  }
  return batches;
};

describe("TensorDataset", () => {
  test("counts samples by the first dimension and gives rows by place", () => {
    const data = dataset();
    expect(data.length).toBe(10);
    const [input, target] = data.batch(new Int32Array([3, 3, 0]));
    expect([...input.dataSync()]).toEqual([3, 3, 3, 3, 0, 0]);
    expect([...target.dataSync()]).toEqual([30, 30, 0]);
    expect([input.shape, target.shape, target.dtype]).toEqual([[3, 2], [3], "int32"]);
  });

  test("gives batches that carry no gradient, of every dtype, on the backend of its tensors", async () => {
    const backend = blindBackend();
    const data = new TensorDataset(ones([3], { requiresGrad: true }), tensor([true, false, true]), ones([3, 2], { backend }));
    const batch = data.batch(new Int32Array([1, 2]));
    expect(batch.map((x) => [x.requiresGrad, x.dtype, x.backend.name])).toEqual([
      [false, "float32", "cpu"],
      [false, "bool", "cpu"],
      [false, "float32", "blind"],
    ]);
    expect([...batch[1].dataSync()]).toEqual([0, 1]);
    expect([...(await batch[2].data())]).toEqual([1, 1, 1, 1]);
  });

  test("refuses nothing, scalars, sizes that differ, what is no tensor and places that are not there", () => {
    expectRefusal(() => new TensorDataset(), "TypeError", "TensorDataset: expected at least one tensor, got none");
    expectRefusal(() => new TensorDataset(ones([2]), ones([3])), "ShapeError", "TensorDataset: expected tensors with equal first sizes");
    expectRefusal(() => new TensorDataset(tensor(1)), "ShapeError", "TensorDataset");
    expectRefusal(() => new TensorDataset([1, 2] as never), "TypeError", "TensorDataset: expected a Tensor, got an array of 2");
    expectRefusal(() => dataset().batch(new Int32Array([10])), "RangeError", "batch: expected places from 0 to 9, got 10");
  });

  test("takes places as integers of every width, and refuses other arrays, one of four billion holes and one whose buffer is gone", () => {
    for (const Places of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Array<number>])
      expect([...(dataset().batch(Places.of(7, 3) as never)[1] as Tensor).dataSync()]).toEqual([
        ...(dataset().batch([7, 3])[1] as Tensor).dataSync(),
      ]);
    const places = Int32Array.of(1);
    structuredClone(places.buffer, { transfer: [places.buffer] });
    for (const bad of [
      Float32Array.of(1),
      new BigInt64Array(0),
      new Uint8ClampedArray(1),
      new Array(2 ** 32 - 1),
      [0, "1"],
      "1",
      places,
      new Map(),
    ])
      expectRefusal(() => dataset().batch(bad as never), "TypeError", "batch: expected ");
  });
});

describe("DataLoader", () => {
  test("goes over the samples in order, the last batch with what is left", () => {
    const loader = new DataLoader(dataset(), { batchSize: 4 });
    expect(loader.length).toBe(3);
    expect(pass(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(pass(loader)).toEqual(pass(loader));
    expect(pass(new DataLoader(dataset(2)))).toEqual([[0], [1]]);
  });

  test("leaves out a last batch that is not full with dropLast", () => {
    const loader = new DataLoader(dataset(), { batchSize: 4, dropLast: true });
    expect(loader.length).toBe(2);
    expect(pass(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(pass(new DataLoader(dataset(3), { batchSize: 4, dropLast: true }))).toEqual([]);
    expect(pass(new DataLoader(dataset(3), { batchSize: 4 }))).toEqual([[0, 1, 2]]);
  });

  test("shuffles anew in each pass, every sample once, the same for one seed, and moves no mask", () => {
    const run = () => {
      const generator = new Generator(5);
      const loader = new DataLoader(dataset(20), { batchSize: 6, shuffle: true, generator });
      const passes = [pass(loader), pass(loader)].map((batches) => batches.flat());
      expect(generator.call).toBe(0n);
      return passes as [number[], number[]];
    };
    const [first, second] = run();
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(first).not.toEqual(second);
    expect(run()).toEqual([first, second]);
    manualSeed(5);
    expect(pass(new DataLoader(dataset(20), { shuffle: true })).flat()).toEqual(first);
  });

  test("frees a batch when the next is asked for, and when the loop is left", () => {
    const loader = new DataLoader(dataset(), { batchSize: 2 });
    const before = memory();
    let last: Tensor | undefined;
    for (const [input] of loader) {
      expect(last?.isDisposed ?? true).toBe(true);
      expect(memory().tensors).toBe(before.tensors + 2);
      last = input;
      if ((input.dataSync()[0] as number) >= 4) break;
    }
    expect(last?.isDisposed).toBe(true);
    expect(() => {
      for (const [input] of loader) {
        last = input;
        throw new Error("inside");
      }
    }).toThrow("inside");
    expect(last?.isDisposed).toBe(true);
    expect(memory().bytes).toBe(before.bytes);
  });

  test("lets a detached batch live on", () => {
    const kept: Tensor[] = [];
    for (const [input] of new DataLoader(dataset(4), { batchSize: 2 })) kept.push(input.detach());
    expect(kept.map((x) => x.dataSync()[0])).toEqual([0, 2]);
  });

  test("refuses batch sizes that are no positive integers, and what is no dataset or generator", () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      expectRefusal(
        () => new DataLoader(dataset(), { batchSize }),
        "RangeError",
        `DataLoader: expected batchSize to be a positive integer, got ${batchSize}`,
      );
    }
    expectRefusal(() => new DataLoader(7 as never), "TypeError", "DataLoader: expected a dataset, got 7");
    expectRefusal(
      () => new DataLoader(dataset(), { generator: 3 as never }),
      "TypeError",
      "DataLoader: expected generator to be a Generator, got 3",
    );
  });

  test("types a batch as a tuple of the dataset's length", () => {
    const loader = new DataLoader(new TensorDataset(ones([2]), ones([2]), ones([2])));
    for (const batch of loader) {
      expectTypeOf(batch).toEqualTypeOf<[Tensor, Tensor, Tensor]>();
      expect(batch.length).toBe(3);
    }
  });
});
