import { describe, expect, expectTypeOf, test } from "vitest";
import { cpu, DataLoader, isGradEnabled, memory, ones, type Tensor, TensorDataset, tensor, tidy } from "../index";
import { expectRefusal } from "../testing/refusal";

const numbers = (x: Tensor) => [...x.dataSync()];
/** All that a pass gives, read while it is there. */
const read = <B, T>(loader: Iterable<B>, look: (batch: B) => T): T[] => {
  const seen: T[] = [];
  for (const batch of loader) seen.push(look(batch));
  return seen;
};

describe("a dataset of samples", () => {
  test("may be an array", () => {
    expect(read(new DataLoader([1, 2, 3], { batchSize: 2 }), numbers)).toEqual([[1, 2], [3]]);
    const pairs: [Float32Array, number][] = [
      [Float32Array.of(1, 2), 0],
      [Float32Array.of(3, 4), 1],
    ];
    const seen = read(new DataLoader(pairs, { batchSize: 2 }), ([x, y]) => [x.shape, numbers(x), y.shape, numbers(y)]);
    expect(seen).toEqual([[[2, 2], [1, 2, 3, 4], [2], [0, 1]]]);
  });

  test("is any object with a length and at, asked for each place once, in order, without gradients", () => {
    const asked: number[] = [];
    const dataset = {
      length: 5,
      at(i: number) {
        asked.push(i);
        expect(isGradEnabled()).toBe(false);
        return { x: tensor([i, -i], { requiresGrad: true }), big: i > 2 };
      },
    };
    const loader = new DataLoader(dataset, { batchSize: 3 });
    expect(read(loader, ({ x, big }) => [numbers(x), x.requiresGrad, numbers(big), big.dtype])).toEqual([
      [[0, -0, 1, -1, 2, -2], false, [0, 0, 0], "bool"],
      [[3, -3, 4, -4], false, [1, 1], "bool"],
    ]);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
  });

  test("leaves nothing behind of the tensors that it makes, and keeps those that it holds", () => {
    const held = [ones([2]), ones([2])];
    const before = memory(cpu);
    const fresh = new DataLoader({ length: 4, at: (i: number) => tensor([i]).add(1) }, { batchSize: 2 });
    expect(read(fresh, numbers)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read(new DataLoader(held), numbers)).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(memory(cpu).tensors).toBe(before.tensors);
    expect(held.map((x) => x.isDisposed)).toEqual([false, false]);
  });

  test("has its batches typed: a tensor for each part of a sample", () => {
    const tuple = { length: 1, at: () => [new Float32Array(2), 1] as [Float32Array, number] };
    for (const batch of new DataLoader(tuple)) expectTypeOf(batch).toEqualTypeOf<[Tensor, Tensor]>();
    for (const batch of new DataLoader({ length: 1, at: (i: number) => ({ x: tensor([i]), y: true }) }))
      expectTypeOf(batch).toEqualTypeOf<{ x: Tensor; y: Tensor }>();
    for (const batch of new DataLoader([1, 2])) expectTypeOf(batch).toEqualTypeOf<Tensor>();
    for (const batch of new DataLoader({ length: 1, batch: (): { x: Tensor } => ({ x: ones([1]) }) }))
      expectTypeOf(batch).toEqualTypeOf<{ x: Tensor }>();
    const later = { length: 1, at: async (i: number): Promise<[number, number]> => [i, i] };
    expectTypeOf(new DataLoader(later)).toExtend<AsyncIterable<[Tensor, Tensor]>>();
    for (const batch of new DataLoader(tuple, { transform: ([x]) => x.mul(2) })) expectTypeOf(batch).toEqualTypeOf<Tensor>();
    for (const batch of new DataLoader(tuple, { collate: (samples) => ({ count: samples.length, x: tensor(samples.map(([, y]) => y)) }) }))
      expectTypeOf(batch).toEqualTypeOf<{ count: number; x: Tensor }>();
  });

  test("takes a pair that is written in place for a pair", () => {
    const loader = new DataLoader({ length: 3, at: (i) => [new Float32Array([i, i]), i] }, { batchSize: 3 });
    for (const [x, y] of loader) {
      expectTypeOf(x).toEqualTypeOf<Tensor>();
      expectTypeOf(y).toEqualTypeOf<Tensor>();
      expect([x.shape, y.shape]).toEqual([[3, 2], [3]]);
    }
    const later = new DataLoader({ length: 3, at: async (i) => [new Float32Array([i, i]), i] });
    expectTypeOf(later).toExtend<AsyncIterable<[Tensor, Tensor]>>();
    for (const [x, y] of new DataLoader([[ones([2]), 1]])) expect([x.shape, y.shape]).toEqual([[1, 2], [1]]);
  });
});

describe("a dataset that is longer than memory", () => {
  test("is gone over from its beginning, in batches of any size, and to its end", () => {
    const dataset = { length: 2 ** 31 - 1, at: (i: number) => i };
    for (const batchSize of [1, 3, 1000, 1024, 1500]) {
      let next = 0;
      for (const batch of new DataLoader(dataset, { batchSize })) {
        expect(numbers(batch)).toEqual(Array.from({ length: batchSize }, (_, i) => next + i));
        next += batchSize;
        if (next > 3000) break;
      }
    }
    for (const length of [1023, 1024, 1025, 2048, 3001]) {
      const all = Array.from({ length }, (_, i) => i);
      expect(read(new DataLoader(all, { batchSize: 10 }), numbers).flat()).toEqual(all);
    }
  });
});

describe("a dataset of batches", () => {
  test("is asked for the places of each batch, in an array of its own", () => {
    const asked: Int32Array[] = [];
    const dataset = {
      length: 5,
      batch(places: Int32Array) {
        asked.push(places.slice());
        const batch = tensor(Float32Array.from(places, (place) => place * 10));
        places.fill(-1);
        return { batch };
      },
    };
    const seen = read(new DataLoader(dataset, { batchSize: 2, sampler: [4, 0, 2] }), ({ batch }) => numbers(batch));
    expect(seen).toEqual([[40, 0], [20]]);
    expect(asked.map((places) => [...places])).toEqual([[4, 0], [2]]);
  });

  test("is preferred to samples", () => {
    const dataset = { length: 1, at: () => 1, batch: () => [ones([1])] };
    expect(read(new DataLoader(dataset), (batch) => batch.length)).toEqual([1]);
  });

  test("frees what it makes on the way, and its batches once they were used", () => {
    const before = memory(cpu).tensors;
    const dataset = { length: 4, batch: ({ length }: Int32Array) => [ones([length]).add(1).mul(3)] as [Tensor] };
    expect(read(new DataLoader(dataset, { batchSize: 2 }), ([x]) => [numbers(x), memory(cpu).tensors - before])).toEqual([
      [[6, 6], 1],
      [[6, 6], 1],
    ]);
    expect(memory(cpu).tensors).toBe(before);
  });
});

describe("collate and transform", () => {
  test("collate makes the batch of samples, and transform goes after it", () => {
    const words = ["a", "bcd", "ef"].map((word) => ({ word }));
    const loader = new DataLoader(words, {
      batchSize: 2,
      collate: (samples) => ({ words: samples.map(({ word }) => word), lengths: tensor(samples.map(({ word }) => word.length)) }),
      transform: ({ words, lengths }) => ({ words, doubled: lengths.mul(2) }),
    });
    const before = memory(cpu).tensors;
    expect(read(loader, ({ words, doubled }) => [words, numbers(doubled), memory(cpu).tensors - before])).toEqual([
      [["a", "bcd"], [2, 6], 1],
      [["ef"], [4], 1],
    ]);
    expect(memory(cpu).tensors).toBe(before);
  });

  test("transform may pass tensors and views of them on, and those that it does not are freed", () => {
    const dataset = new TensorDataset(ones([4, 2]), ones([4]), ones([4]));
    const before = memory(cpu);
    const loader = new DataLoader(dataset, { batchSize: 2, transform: ([x, y]) => [x.transpose(0, 1), y] as const });
    expect(read(loader, ([x, y]) => [x.shape, numbers(x), numbers(y), memory(cpu).tensors - before.tensors])).toEqual([
      [[2, 2], [1, 1, 1, 1], [1, 1], 2],
      [[2, 2], [1, 1, 1, 1], [1, 1], 2],
    ]);
    expect(memory(cpu)).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  test("run anew in the next pass after they threw, and leave nothing", () => {
    for (const where of ["at", "batch", "collate", "transform"] as const) {
      let broken = true;
      const fail = <T>(name: string, value: T): T => {
        if (broken && name === where) throw new Error(`from ${name}`);
        return value;
      };
      const samples = { length: 4, at: (i: number) => fail("at", tensor([i])) };
      const batches = { length: 4, batch: ({ length }: Int32Array) => fail("batch", ones([length])) };
      const transform = (x: Tensor) => fail("transform", x.mul(2));
      const loader: Iterable<Tensor> =
        where === "batch"
          ? new DataLoader(batches, { batchSize: 2, transform })
          : new DataLoader(samples, { batchSize: 2, collate: (list) => fail("collate", (list[0] as Tensor).add(1)), transform });
      const before = memory(cpu).tensors;
      expect(() => read(loader, numbers)).toThrow(`from ${where}`);
      expect(memory(cpu).tensors, where).toBe(before);
      broken = false;
      expect(read(loader, numbers).length).toBe(2);
      expect(memory(cpu).tensors, where).toBe(before);
    }
  });
});

describe("what goes wrong with a dataset", () => {
  test("is told by name", () => {
    const over = (dataset: unknown, options = {}) => {
      const before = memory(cpu).tensors;
      try {
        for (const batch of new DataLoader(dataset as never, options)) void batch;
      } finally {
        expect(memory(cpu).tensors).toBe(before);
      }
    };
    const at = (...samples: unknown[]) => ({ length: samples.length, at: (i: number) => samples[i] });
    const pair = { batchSize: 2 };
    expectRefusal(() => over({ length: 2 }), "TypeError", "DataLoader: expected a dataset, got ");
    expectRefusal(() => over({ at: () => 1 }), "TypeError", "DataLoader: expected a dataset with a length, got ");
    expectRefusal(() => over({ length: -1, at: () => 1 }), "RangeError", "DataLoader: expected the dataset's length to be an integer");
    expectRefusal(() => over(at(undefined)), "TypeError", "DataLoader: expected samples of tensors, numbers, booleans");
    expectRefusal(() => over(at(new Uint8Array(2))), "TypeError", "got a value of type Uint8Array - ");
    expectRefusal(() => over(at(1, [1]), pair), "TypeError", "DataLoader: expected samples of one form, got 1 and an array of 1 - ");
    expectRefusal(() => over(at([1], [1, 2]), pair), "ShapeError", "DataLoader: expected samples of equal shapes, got lengths 1 and 2 - ");
    expectRefusal(() => over(at(new Float32Array(1), new Float32Array(2)), pair), "ShapeError", "got lengths 1 and 2 - ");
    expectRefusal(() => over(at({ a: 1 }, { b: 1 }), pair), "TypeError", "DataLoader: expected samples of one form, got ");
    const rows = [ones([2]), ones([3])];
    expectRefusal(() => over(rows, pair), "ShapeError", "got a Tensor [2] and a Tensor [3] - ");
    expectRefusal(
      () => over({ length: 2, batch: () => [ones([2]), ones([3, 1])] }, pair),
      "ShapeError",
      "DataLoader: expected a batch of 2 samples from the dataset, got a Tensor [3, 1] - ",
    );
    expectRefusal(
      () => over({ length: 2, batch: () => undefined }),
      "TypeError",
      "DataLoader: expected a batch of tensors from the dataset, got undefined",
    );
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expectRefusal(() => over(at(cyclic)), "TypeError", "DataLoader: expected samples of tensors");
  });

  test("a collate for a dataset of batches, and an async collate or transform, are refused", () => {
    const dataset = new TensorDataset(ones([2]));
    expectRefusal(
      () => new DataLoader(dataset, { collate: () => 1 }),
      "TypeError",
      "DataLoader: expected a collate for a dataset with at, got one for a dataset with batch - ",
    );
    for (const loader of [new DataLoader(dataset, { transform: async () => 1 }), new DataLoader([1], { collate: async () => 1 })])
      expectRefusal(() => read(loader as Iterable<unknown>, String), "TypeError", "to return at once, got an async one - ");
  });

  test("a batch that was used after its turn says who freed it and how to keep one", () => {
    const loader = new DataLoader(new TensorDataset(ones([4])), { batchSize: 2 });
    const [[x]] = loader as unknown as [[Tensor]];
    for (const late of [x, ...[...loader].flat()]) {
      const error = expectRefusal(
        () => late.sum(),
        "DisposedError",
        "sum: expected a live tensor, got one of a batch that its DataLoader freed",
      );
      expect(error.message).toContain("cat([x])");
      expect(error.message).not.toContain("keep");
    }
    const own = ones([2]);
    own.dispose();
    expectRefusal(() => own.sum(), "DisposedError", "keep() it");
    for (const [batch] of loader) {
      batch.dispose();
      expectRefusal(() => batch.sum(), "DisposedError", "keep() it");
    }
  });

  test("a batch is not freed by a tidy around the step, and a loop may be inside one", () => {
    const loader = new DataLoader([1, 2, 3, 4], { batchSize: 2 });
    const sums = tidy(() => read(loader, (x) => tidy(() => x.sum().itemSync()) + (x.itemSync === undefined ? 0 : numbers(x).length)));
    expect(sums).toEqual([5, 9]);
  });
});
