/** `warmUp`: kernels are compiled before the first step, and nothing else is as if it had been called. */
import { functional as F, Generator, keep, manualSeed, nn, ones, optim, rand, type Tensor, tidy, zeros } from "@dropwise/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";

let gpu: WebGPUBackend;
beforeAll(() => {
  manualSeed(7);
});
/** A device that has compiled nothing. */
beforeEach(async () => {
  gpu?.dispose();
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

/** A step that draws, keeps statistics and averages, and lowers its learning rate. */
async function training() {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(6, 8), new nn.BatchNorm1d(8), new nn.GELU(), new nn.Dropout(0.3), new nn.Linear(8, 3));
  await model.to(gpu);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  const scheduler = new optim.ExponentialLR(optimizer, { gamma: 0.9 });
  const ema = new optim.EMA(model.parameters());
  const [input, target] = [rand([5, 6], { backend: gpu }), zeros([5], { backend: gpu, dtype: "int32" })];
  const step = () => {
    optimizer.zeroGrad();
    F.crossEntropy(model.forward(input), target).backward();
    nn.clipGradNorm(model.parameters(), 1);
    optimizer.step();
    scheduler.step();
    ema.update();
  };
  const values = async () => {
    const tensors = [...Object.values(model.stateDict()), ...Object.values(ema.stateDict().averages)] as Tensor[];
    return Promise.all(tensors.map(async (x) => [...(await x.data())]));
  };
  return { step, values, scheduler };
}

describe("a training step", () => {
  test("that was warmed up compiles nothing, and warming up runs, keeps and takes nothing", async () => {
    const { step } = await training();
    const before = gpu.stats();
    await gpu.warmUp(step);
    const { pipelines, ...warm } = gpu.stats();
    expect(pipelines).toBeGreaterThan(before.pipelines + 10);
    expect({ ...warm, pipelines: before.pipelines }).toEqual(before);
    tidy(step);
    expect(gpu.stats().pipelines).toBe(pipelines);
  });

  test.each([
    ["first", 0],
    ["third", 2],
  ])("that is warmed up before the %s leaves the weights, masks, statistics and averages of a run without", async (_, after) => {
    const runs: number[][][] = [];
    for (const isWarm of [false, true]) {
      const { step, values, scheduler } = await training();
      for (let i = 0; i < 4; i++) {
        if (isWarm && i === after) await gpu.warmUp(step);
        tidy(step);
      }
      runs.push([...(await values()), scheduler.getLastLr()]);
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test("that starts before all is compiled is right, too", async () => {
    const runs: number[][][] = [];
    for (const isWarm of [false, true]) {
      const { step, values } = await training();
      const warm = isWarm ? gpu.warmUp(step) : undefined;
      tidy(step);
      runs.push(await values());
      await warm;
    }
    expect(runs[1]).toEqual(runs[0]);
  });
});

describe("what a warm-up is given", () => {
  test("may fail: the error comes out, and everything goes on", async () => {
    const { step, values } = await training();
    const before = await values();
    const failing = () => {
      step();
      throw new RangeError("mine");
    };
    await expect(gpu.warmUp(failing)).rejects.toThrow("mine");
    expect(await values()).toEqual(before);
    tidy(step);
    expect(await values()).not.toEqual(before);
  });

  test.each([
    ["an async function", async () => {}, "warmUp: expected a function that returns at once, got an async one - await outside"],
    ["no function", 3, "warmUp: expected a function, got 3 - write warmUp(() => { ... })"],
    ["itself", () => gpu.warmUp(() => {}), "warmUp: expected a function that returns at once"],
  ])("must not be %s", async (_, fn, message) => {
    await expect(gpu.warmUp(fn as () => void)).rejects.toThrow(message);
  });

  test("must not read", async () => {
    let read: Promise<unknown> = Promise.resolve();
    await gpu.warmUp(() => {
      read = ones([2], { backend: gpu }).data();
      read.catch(() => {});
    });
    await expect(read).rejects.toThrow("read: expected no reads inside warmUp, which computes nothing, got one - read outside");
  });

  test("leaves tensors that have no values, which are refused from then on", async () => {
    let kept = ones([2], { backend: gpu });
    await gpu.warmUp(() => {
      kept = keep(ones([2], { backend: gpu }));
    });
    const message = "expected a tensor with values, got one that was made inside warmUp, which computes nothing - make it outside";
    expect(() => kept.add(1)).toThrow(message);
    await expect(kept.data()).rejects.toThrow(message);
    kept.dispose();
  });

  test("gives no memory without values to those who come after", async () => {
    const generator = new Generator(1);
    const big = () => F.dropout(ones([1000], { backend: gpu }), { generator });
    await gpu.warmUp(() => tidy(big));
    const [first, second] = [big(), big()];
    expect([...(await first.data())].filter((x) => x === 2).length).toBeGreaterThan(400);
    expect([...(await first.data())]).not.toEqual([...(await second.data())]);
    for (const x of [first, second]) x.dispose();
  });
});

test("a disposed backend refuses to warm up", async () => {
  const other = await createWebGPUBackend();
  other.dispose();
  await expect(other.warmUp(() => {})).rejects.toThrow("warmUp: expected a live webgpu backend, got one that was disposed");
});
