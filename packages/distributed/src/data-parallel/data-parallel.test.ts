import { functional as F, Generator, manualSeed, memory, nn, optim, rand, type Tensor, tensor } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { LoneGroup } from "../lone-group";
import { dataParallel } from "./data-parallel";

const list = (x: Tensor | null | undefined) => [...(x?.dataSync() ?? [])];
const generator = () => new Generator(4);
const x = rand([21, 6], { generator: generator() });
const y = tensor(Int32Array.from({ length: 21 }, (_, i) => i % 3));
const mlp = () => new nn.Sequential(new nn.Linear(6, 16), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(16, 3));

/** The largest difference between the weights of two models, relative to theirs. */
function distance(a: nn.Module, b: nn.Module): number {
  const [left, right] = [a, b].map((model) => [...model.parameters()].flatMap(list)) as [number[], number[]];
  return Math.max(...left.map((value, i) => Math.abs(value - (right[i] as number)) / (1e-3 + Math.abs(value))));
}

describe("a group of one", () => {
  /** Five steps of the plain loop: losses, and the model. */
  function plainLoop(): { losses: number[]; model: nn.Module } {
    manualSeed(1);
    const model = mlp();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const losses = Array.from({ length: 5 }, () => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    });
    return { losses, model };
  }

  /** The same in shards. */
  async function inShards(shards: number): Promise<{ losses: number[]; model: nn.Module }> {
    manualSeed(1);
    const model = mlp();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const parallel = await dataParallel(model, optimizer, new LoneGroup(), { shards });
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(await parallel.step([x, y], ([a, b]) => F.crossEntropy(model.forward(a), b)));
    return { losses, model };
  }

  test("trains as the plain loop does, masks included: with one shard bit for bit, with more up to the order of sums", async () => {
    const plain = plainLoop();
    const [one, eight] = [await inShards(1), await inShards(8)];
    expect(one.losses).toEqual(plain.losses);
    expect(distance(one.model, plain.model)).toBe(0);
    plain.losses.forEach((loss, i) => {
      expect(eight.losses[i]).toBeCloseTo(loss, 5);
    });
    expect(distance(eight.model, plain.model)).toBeLessThan(1e-4);
  });

  test("has other bits for another number of shards, and the same again for the same", async () => {
    const weights = async (shards: number) => [...(await inShards(shards)).model.parameters()].flatMap(list);
    const eight = await weights(8);
    expect(await weights(8)).toEqual(eight);
    expect(await weights(3)).not.toEqual(eight);
  });

  test("averages running statistics over shards by their rows, and counts a step once", async () => {
    const norm = new nn.BatchNorm1d(6);
    const parallel = await dataParallel(norm, new optim.SGD(norm.parameters(), { lr: 0.1 }), new LoneGroup(), { shards: 2 });
    await parallel.step([x], ([a]) => norm.forward(a).pow(2).mean());
    const mean = x.mean({ dim: 0 }).mul(0.1); // weighted by rows, the mean of means is that of the batch
    list(norm.running_mean).forEach((value, i) => {
      expect(value).toBeCloseTo(list(mean)[i] as number, 6);
    });
    expect(norm.num_batches_tracked?.itemSync()).toBe(1);
  });

  test("leaves a parameter alone that no shard has used, as an optimizer does that finds no gradient", async () => {
    const [used, unused] = [new nn.Linear(6, 3), new nn.Linear(6, 3)];
    const model = new nn.ModuleList([used, unused]);
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1, weightDecay: 0.5 }), new LoneGroup());
    const before = list(unused.weight);
    await parallel.step([x, y], ([a, b]) => F.crossEntropy(used.forward(a), b));
    expect(unused.weight.grad).toBeNull();
    expect(list(unused.weight)).toEqual(before);
  });

  test("lets gradients be clipped once they are summed", async () => {
    const model = mlp();
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0 }), new LoneGroup());
    let norm = 0;
    await parallel.step([x, y], ([a, b]) => F.crossEntropy(model.forward(a), b).mul(100), {
      beforeStep: () => {
        norm = nn.clipGradNorm(model.parameters(), 1).itemSync();
      },
    });
    expect(norm).toBeGreaterThan(1);
    const squares = [...model.parameters()].flatMap(({ grad }) => list(grad)).reduce((sum, value) => sum + value * value, 0);
    expect(Math.sqrt(squares)).toBeCloseTo(1, 4);
  });

  test("has fewer rows than shards, down to one", async () => {
    const model = new nn.Linear(6, 3);
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), new LoneGroup());
    const loss = await parallel.step([x.slice(0, 0, 1), y.slice(0, 0, 1)], ([a, b]) => F.crossEntropy(model.forward(a), b));
    expect(loss).toBeGreaterThan(0);
  });

  test("leaves no tensors behind, whether a step is made or fails in its third shard", async () => {
    const model = new nn.Sequential(mlp(), new nn.BatchNorm1d(3));
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), new LoneGroup());
    let calls = 0;
    let failing = false;
    const step = () =>
      parallel.step([x, y], ([a, b]) => {
        if (failing && ++calls === 3) throw new Error("own fault");
        return F.crossEntropy(model.forward(a), b);
      });
    await step();
    const before = memory().tensors;
    await step();
    expect(memory().tensors).toBe(before);
    failing = true;
    const state = [...model.namedBuffers()].map(([, buffer]) => list(buffer));
    await expect(step()).rejects.toThrow("own fault");
    expect(memory().tensors).toBe(before - 6); // the gradients of the step before
    expect([...model.namedBuffers()].map(([, buffer]) => list(buffer))).toEqual(state);
  });

  test("refuses what is no batch, no mean loss and no group", async () => {
    const model = new nn.Linear(6, 3);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const parallel = await dataParallel(model, optimizer, new LoneGroup());
    await expect(parallel.step([x, y.slice(0, 0, 3)], ([a]) => model.forward(a).mean())).rejects.toMatchObject({ name: "ShapeError" });
    await expect(parallel.step([x], ([a]) => model.forward(a))).rejects.toMatchObject({
      name: "ShapeError",
      message: expect.stringContaining("loss of one element"),
    });
    await expect(parallel.step(x as never, () => x)).rejects.toThrow("step: expected a batch as an array of tensors");
    await expect(parallel.step([x], ([a]) => model.forward(a).mean(), { total: 40 })).rejects.toThrow(
      "step: expected 40 rows of a batch of 40 for rank 0, got 21",
    );
    await expect(dataParallel(model, optimizer, {} as never)).rejects.toThrow("dataParallel: expected a group");
    await expect(dataParallel(model, optimizer, new LoneGroup(), { shards: 0 })).rejects.toThrow("shards to be an integer from 1");
  });

  test("refuses a loss that is no tensor or has no gradient, and what is no model, optimizer or function", async () => {
    const model = new nn.Linear(6, 3);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const parallel = await dataParallel(model, optimizer, new LoneGroup());
    const before = memory().tensors;
    const late = async ([a]: readonly [Tensor]) => model.forward(a).mean();
    await expect(parallel.step([x], late as never)).rejects.toThrow("step: expected a loss that is a tensor, got a value of type Promise");
    await expect(parallel.step([x], ([a]) => a.mean())).rejects.toThrow("step: expected a loss that requires a gradient");
    await expect(parallel.step([x], x as never)).rejects.toThrow("step: expected a function that gives the loss of a part");
    await expect(parallel.step([x, [1]] as never, () => x)).rejects.toThrow("step: expected tensors in the batch, got an array of 1");
    const beforeStep = 1 as never;
    await expect(parallel.step([x], ([a]) => model.forward(a).mean(), { beforeStep })).rejects.toThrow(
      "step: expected beforeStep to be a function",
    );
    expect([...model.parameters()].map(({ grad }) => grad)).toEqual([null, null]);
    await expect(dataParallel({} as never, optimizer, new LoneGroup())).rejects.toThrow("dataParallel: expected a model that is a Module");
    await expect(dataParallel(model, model as never, new LoneGroup())).rejects.toThrow("dataParallel: expected an optimizer");
    expect(memory().tensors).toBeLessThanOrEqual(before + 8); // the parts that `late` made, which nobody waited for
  });

  test("waits for what runs before the optimizer's step, and leaves weights and no gradients where that fails", async () => {
    const model = new nn.Linear(6, 3);
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), new LoneGroup());
    const loss = ([a]: readonly [Tensor]) => model.forward(a).mean();
    const weight = list(model.weight);
    let seen: number[] = [];
    await parallel.step([x], loss, {
      beforeStep: async () => {
        await Promise.resolve();
        seen = list(model.weight);
      },
    });
    expect(seen).toEqual(weight);
    const after = list(model.weight);
    expect(after).not.toEqual(weight);
    const beforeStep = () => Promise.reject(new Error("own fault"));
    await expect(parallel.step([x], loss, { beforeStep })).rejects.toThrow("own fault");
    expect([list(model.weight), model.weight.grad]).toEqual([after, null]);
  });

  test("refuses a step that begins before the one before has ended, and makes the next one after it", async () => {
    const model = new nn.Linear(6, 3);
    const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), new LoneGroup());
    const step = () => parallel.step([x], ([a]) => model.forward(a).mean());
    const first = step();
    await expect(step()).rejects.toMatchObject({ name: "GroupError", message: expect.stringContaining("await each step") });
    expect(await first).not.toBeNaN();
    expect(await step()).not.toBeNaN();
  });
});
