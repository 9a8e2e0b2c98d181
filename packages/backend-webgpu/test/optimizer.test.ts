/** Steps of optimizers on many parameters at once: values, what lies around them, and in how few dispatches. */
import { nn, optim, zeros } from "@dropwise/core";
import { cpu, type Operand, type OptimizerSpec, type OptimizerUpdate, referenceKernels, type TypedArray } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { contents, data, expectClose, noise, place } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const sgd = { kind: "sgd", lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0.01, nesterov: false, first: true } as const;
const adam = { kind: "adam", lr: 1e-2, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, decoupled: false } as const;
const third = { biasCorrection1: 1 - 0.9 ** 3, biasCorrection2: 1 - 0.99 ** 3 };
const MOMENTUM = { ...sgd, momentum: 0.9, dampening: 0.1 } as const;
const ADAMW = { ...adam, ...third, weightDecay: 0.1, decoupled: true } as const;

/** Elements of each parameter, and where they begin: not every one in whole vectors, and the last two in one storage. */
const LENGTHS = [1, 5, 515, 64, 7, 300];
const OFFSETS = [0, 1, 4, 3, 0, 8];

/** The updates of all parameters with a guard around each, and every storage that they are in. */
function updatesOn(backend: WebGPUBackend | typeof cpu, spec: (number: number) => OptimizerSpec, states: number) {
  const storages: Operand[] = [];
  const updates = LENGTHS.map((length, number): OptimizerUpdate => {
    const operands = Array.from({ length: 2 + states }, (_, i): Operand => {
      const offset = OFFSETS[number] as number;
      const neighbour = number === LENGTHS.length - 1 ? storages[(number - 1) * (2 + states) + i] : undefined;
      const values = (k: number) => Math.abs(noise(10 * number + i)(k));
      const made = neighbour ?? place(backend as typeof cpu, data("float32", [1], values, { length: 400 + length }));
      storages.push(made);
      return { ...made, shape: [length], offset };
    });
    const [param, grad, ...state] = operands as [Operand, Operand, ...Operand[]];
    return { spec: spec(number), param, grad, state };
  });
  return { updates, storages };
}

describe("a step on many parameters", () => {
  test.each<[string, (number: number) => OptimizerSpec, number]>([
    ["SGD", () => sgd, 0],
    ["SGD without weight decay, each with a rate of its own", (number) => ({ ...sgd, weightDecay: 0, lr: number / 10 }), 0],
    ["SGD with momentum, some for the first time", (number) => ({ ...MOMENTUM, first: number % 2 === 0 }), 1],
    ["SGD with Nesterov's momentum", () => ({ ...MOMENTUM, dampening: 0, nesterov: true, first: false }), 1],
    ["Adam", () => ({ ...adam, ...third }), 2],
    ["Adam with weight decay", () => ({ ...adam, ...third, weightDecay: 0.1 }), 2],
    ["AdamW", () => ADAMW, 2],
  ])("is the reference's, and leaves alone what is beside them: %s", async (_, spec, states) => {
    const mine = updatesOn(gpu, spec, states);
    const right = updatesOn(cpu, spec, states);
    gpu.optimizerStep(mine.updates as never);
    referenceKernels((storage) => storage.handle as TypedArray).optimizerStep(right.updates);
    for (const [i, storage] of mine.storages.entries()) {
      expectClose(await contents(gpu, storage as never), await contents(cpu, right.storages[i] as never), { rtol: 1e-5, atol: 1e-6 });
    }
  });

  test("of which one is empty steps the others", async () => {
    const [empty, full] = [nn.Parameter, nn.Parameter].map((Parameter, i) => new Parameter(zeros([i * 3], { backend: gpu })));
    for (const each of [empty, full] as nn.Parameter[]) each.grad = zeros([...each.shape], { backend: gpu }).add(1);
    new optim.SGD([empty, full] as nn.Parameter[], { lr: 1 }).step();
    expect([...(await (full as nn.Parameter).data())]).toEqual([-1, -1, -1]);
  });
});

describe("dispatches of a step on twelve parameters", () => {
  const params = () =>
    Array.from({ length: 12 }, (_, i) => {
      const param = new nn.Parameter(zeros([i + 1], { backend: gpu }));
      param.grad = zeros([i + 1], { backend: gpu });
      return param;
    });

  test.each([
    ["SGD, two buffers each", 2, (all: nn.Parameter[]) => new optim.SGD(all)],
    ["SGD with momentum, three", 3, (all: nn.Parameter[]) => new optim.SGD(all, { momentum: 0.9 })],
    ["Adam, four", 4, (all: nn.Parameter[]) => new optim.Adam(all)],
  ] as const)("%s", (_, buffers, make) => {
    const optimizer = make(params());
    optimizer.step(); // makes the state
    const before = gpu.stats().dispatches;
    optimizer.step();
    const together = Math.floor(gpu.device.limits.maxStorageBuffersPerShaderStage / buffers);
    expect(gpu.stats().dispatches - before).toBe(Math.ceil(12 / together));
  });
});
