import { DataLoader, Generator, RandomSampler, TensorDataset, tensor } from "@dropwise/core";
import { expect, test } from "vitest";
import { DistributedSampler } from "./distributed-sampler";
import type { Group } from "./group";
import { LoneGroup } from "./lone-group";

const rank = (rank: number, size: number) => ({ rank, size }) as Group;

test("one process alone gets every row, in the order that any sampler would give", () => {
  const sampler = new DistributedSampler(10, new LoneGroup(), { batchSize: 4 });
  expect([[...sampler], sampler.length, sampler.ownBatchSize]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10, 4]);
  expect([0, 1, 2].map((batch) => sampler.totalOf(batch))).toEqual([4, 4, 2]);
  const shuffled = new DistributedSampler(10, new LoneGroup(), { batchSize: 4, shuffle: true, generator: new Generator(3) });
  expect([...shuffled]).toEqual([...new RandomSampler(10, { generator: new Generator(3) })]);
  expect([...shuffled]).not.toEqual([...new RandomSampler(10, { generator: new Generator(3) })]); // the next pass is another
});

test("processes share each batch out, and together have the batches that one alone has", () => {
  const options = { batchSize: 20, shards: 4, shuffle: true };
  const whole = [...new DistributedSampler(50, new LoneGroup(), { ...options, generator: new Generator(1) })];
  for (const size of [2, 3, 4]) {
    const parts = Array.from({ length: size }, (_, r) => {
      const sampler = new DistributedSampler(50, rank(r, size), { ...options, generator: new Generator(1) });
      const data = new TensorDataset(tensor(Int32Array.from({ length: 50 }, (_, i) => i)));
      const loader = new DataLoader(data, { sampler, batchSize: sampler.ownBatchSize });
      return Array.from(loader, ([batch]) => [...batch.dataSync()]);
    });
    const batches = [0, 1, 2].map((batch) => parts.flatMap((part) => part[batch]));
    expect(batches.flat()).toEqual(whole);
    expect(batches.map(({ length }) => length)).toEqual([20, 20, 10]);
  }
});

test("a process without a shard of a batch has rows of it all the same, so that all make as many steps", () => {
  const samplers = [0, 1, 2].map((r) => new DistributedSampler(9, rank(r, 3), { batchSize: 8, shards: 8 }));
  const loaders = samplers.map(
    (sampler) => new DataLoader(new TensorDataset(tensor(new Int32Array(9))), { sampler, batchSize: sampler.ownBatchSize }),
  );
  expect(loaders.map((loader) => [...loader].length)).toEqual([2, 2, 2]);
});

test("a last batch that is not full may be left out", () => {
  const sampler = new DistributedSampler(10, new LoneGroup(), { batchSize: 4, dropLast: true });
  expect([sampler.length, [...sampler].length]).toEqual([8, 8]);
  expect(() => sampler.totalOf(2)).toThrow("totalOf: expected batch to be an integer from 0 to 1, got 2");
});

test("options of another kind are refused by name", () => {
  const group = new LoneGroup();
  expect(() => new DistributedSampler(-1, group, { batchSize: 4 })).toThrow(
    "DistributedSampler: expected the length of the dataset to be an integer from 0",
  );
  expect(() => new DistributedSampler({} as never, group, { batchSize: 4 })).toThrow(TypeError);
  expect(() => new DistributedSampler(4, group, {} as never)).toThrow("DistributedSampler: expected batchSize to be a number");
  expect(() => new DistributedSampler(4, null as never, { batchSize: 4 })).toThrow("DistributedSampler: expected a group, got null");
  expect(() => new DistributedSampler(4, group, { batchSize: 4, shuffel: true } as never)).toThrow(TypeError);
});
