import { functional as F, manualSeed, memory, nn, optim, type Tensor, tensor, tidy } from "@dropwise/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import golden from "../../core/goldens/training.json";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { expectClose } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

type Golden = { readonly shape: readonly number[]; readonly data: readonly number[]; readonly dtype?: string };

interface Run {
  readonly name: string;
  readonly seed: string;
  readonly steps: number;
  readonly loss: string;
  readonly p: readonly number[];
  readonly optimizer: { readonly name: string } & Record<string, number | string>;
  readonly input: Golden;
  readonly target: Golden;
  readonly init: Record<string, Golden>;
  readonly first_grads: Record<string, Golden>;
  readonly losses: readonly number[];
  readonly final: Record<string, Golden>;
}

const runs = golden.runs as unknown as readonly Run[];

const fromGolden = ({ shape, data, dtype }: Golden) =>
  tensor(dtype?.startsWith("int") ? Int32Array.from(data) : Float32Array.from(data), { shape: [...shape], backend: gpu });

const LOSSES = { bce: F.binaryCrossEntropy, mse: F.mseLoss, ce: F.crossEntropy } as const;
const OPTIMIZERS = { sgd: optim.SGD, adam: optim.Adam, adamw: optim.AdamW } as const;

/** Linear layers with dropout between them; a sigmoid at the end for the binary loss. */
class Model extends nn.Module {
  readonly layers: nn.Linear[];

  constructor(readonly run: Run) {
    super();
    this.layers = Object.keys(run.init)
      .filter((name) => name.endsWith("weight"))
      .map((name) => new nn.Linear(run.init[name]?.shape[1] as number, run.init[name]?.shape[0] as number));
  }

  forward(input: Tensor, step: number): Tensor {
    const training = !this.run.name.includes("conditional") || step % 3 !== 1;
    const activation = /example-[23]/.test(this.run.name) ? (x: Tensor) => x : F.relu;
    let x = input;
    this.layers.forEach((layer, i) => {
      x = layer.forward(x);
      if (i < this.layers.length - 1) x = F.dropout(activation(x), { p: this.run.p[i] as number, training });
    });
    return this.run.loss === "bce" ? F.sigmoid(x) : x;
  }
}

describe("a training run on the device agrees with PyTorch at every step, in one submission a step", () => {
  test.each(runs.map((run) => [run.name, run] as const))("%s", async (_name, run) => {
    const model = await new Model(run).to(gpu);
    model.loadStateDict(Object.fromEntries(Object.entries(run.init).map(([name, value]) => [`layers.${name}`, fromGolden(value)])));
    const { name, ...options } = run.optimizer;
    const optimizer = new OPTIMIZERS[name as "sgd"](model.parameters(), options as { lr: number });
    manualSeed(BigInt(run.seed));
    const input = fromGolden(run.input);
    const target = fromGolden(run.target);
    const named = new Map([...model.namedParameters()].map(([key, value]) => [key.replace("layers.", ""), value]));
    const losses: number[] = [];
    await input.data();
    for (let step = 0; step < run.steps; step++) {
      const before = gpu.stats().submissions;
      const value = tidy(() => {
        optimizer.zeroGrad();
        const loss = LOSSES[run.loss as "mse"](model.forward(input, step), target);
        loss.backward();
        optimizer.step();
        return { loss };
      });
      losses.push(await value.loss.item());
      value.loss.dispose();
      expect(gpu.stats().submissions - before).toBe(1);
      if (step > 0) continue;
      for (const [key, gradient] of Object.entries(run.first_grads)) {
        expectClose((await named.get(key)?.grad?.data()) ?? [], gradient.data, { rtol: 1e-4, atol: 1e-6 });
      }
    }
    expectClose(losses, run.losses, { rtol: 2e-5 });
    for (const [key, value] of Object.entries(run.final)) {
      expectClose((await named.get(key)?.data()) ?? [], value.data, { rtol: 1e-4, atol: 1e-5 });
    }
  });
});

describe("a long run", () => {
  test("of 2,500 steps, never awaited, uses no more memory at its end than at its start", async () => {
    const model = await new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(8, 1)).to(gpu);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const step = () =>
      tidy(() => {
        // New data in each step, in memory that the step before gave back while its commands may still wait.
        const input = tensor(new Float32Array(32).fill(1), { shape: [8, 4], backend: gpu });
        optimizer.zeroGrad();
        F.mseLoss(model.forward(input), tensor(new Float32Array(8), { shape: [8, 1], backend: gpu })).backward();
        optimizer.step();
      });
    for (let i = 0; i < 10; i++) step();
    const [before, tensors] = [gpu.stats(), memory(gpu)];
    for (let i = 0; i < 2500; i++) step();
    const after = gpu.stats();
    expect(after.buffers).toBe(before.buffers);
    expect(after.bytes).toBe(before.bytes);
    expect(after.pipelines).toBe(before.pipelines);
    expect(memory(gpu)).toEqual(tensors);
    for (const parameter of model.parameters()) expect([...(await parameter.data())].every(Number.isFinite)).toBe(true);
  }, 600_000); // minutes, where the GPU is software and the processor is busy
});
