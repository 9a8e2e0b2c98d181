/** What each op may take of a device: dispatches, and memory beside its results. On a driver in software time says nothing, so these are what is held. */
import { functional as F, memory, nn, optim, rand, type Tensor, tidy, zeros } from "@dropwise/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

/** Dispatches of a function; what it makes is given back. */
function dispatches(fn: () => unknown): number {
  const before = gpu.stats().dispatches;
  tidy(() => {
    fn();
  });
  return gpu.stats().dispatches - before;
}

const random = (...shape: number[]): Tensor => rand(shape, { backend: gpu, requiresGrad: true });

describe("dispatches", () => {
  interface Operands {
    readonly x: Tensor;
    readonly row: Tensor;
    readonly weight: Tensor;
    readonly mask: Tensor;
  }
  let operands: Operands;
  beforeAll(() => {
    operands = { x: random(64, 96), row: random(96), weight: random(32, 96), mask: random(64, 96).gt(0.5) };
  });

  test.each<[string, number, (operands: Operands) => unknown]>([
    ["relu", 1, ({ x }) => F.relu(x)],
    ["gelu", 1, ({ x }) => F.gelu(x)],
    ["a sum with a row", 1, ({ x, row }) => x.add(row)],
    ["where", 1, ({ x, mask }) => x.where(mask, 0)],
    ["a transposed copy", 1, ({ x }) => x.transpose(0, 1).contiguous()],
    ["a sum of rows", 1, ({ x }) => x.sum({ dim: 1 })],
    ["a sum of columns", 1, ({ x }) => x.sum({ dim: 0 })],
    ["softmax of rows", 1, ({ x }) => F.softmax(x, { dim: 1 })],
    ["softmax of columns", 1, ({ x }) => F.softmax(x, { dim: 0 })],
    ["layerNorm", 2, ({ x }) => F.layerNorm(x, { normalizedShape: [96] })],
    ["dropout", 1, ({ x }) => F.dropout(x)],
    ["linear with relu and dropout", 3, ({ x, weight }) => F.linearDropout(x, weight, { activation: "relu" })],
  ])("of %s: %i", (_, count, fn) => {
    expect(dispatches(() => fn(operands))).toBe(count);
  });

  test("a sum of a million elements takes two, in whatever shape", () => {
    const million = random(1_000_000);
    expect(dispatches(() => million.sum())).toBe(2);
    million.dispose();
  });

  test("attention takes one, its gradients three more", () => {
    const [q, k, v] = [random(1, 2, 50, 16), random(1, 2, 70, 16), random(1, 2, 70, 24)] as const;
    const attend = () => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.2 });
    expect(dispatches(attend)).toBe(1);
    const seed = rand([1, 2, 50, 24], { backend: gpu });
    expect(dispatches(() => attend().backward(seed))).toBe(1 + 3);
    for (const x of [q, k, v, seed]) x.dispose();
  });

  test("a convolution takes one, its gradients three more, and nothing is unfolded", () => {
    const [x, weight] = [random(2, 3, 20, 20), random(8, 3, 3, 3)] as const;
    const convolve = () => F.conv2d(x, weight, { padding: 1 });
    expect(dispatches(convolve)).toBe(1);
    const seed = rand([2, 8, 20, 20], { backend: gpu });
    const before = gpu.stats().bytes;
    expect(dispatches(() => convolve().backward(seed))).toBe(1 + 1 + 2);
    // The patches of all images would be nine times as large as they are.
    expect(gpu.stats().bytes - before).toBeLessThan(9 * x.size * 4);
    for (const each of [x, weight, seed]) each.dispose();
  });

  test("products cut along a long inner dimension take two, others one", () => {
    const [a, b] = [random(256, 1024), random(1024, 256)] as const;
    expect(dispatches(() => a.matmul(b))).toBe(2);
    const [c, d] = [random(1024, 64), random(64, 1024)] as const;
    expect(dispatches(() => c.matmul(d))).toBe(1);
    for (const x of [a, b, c, d]) x.dispose();
  });
});

describe("memory", () => {
  test("attention keeps nothing of the size of its weights", () => {
    const shape = [1, 1, 700, 16];
    const [q, k, v] = [random(...shape), random(...shape), random(...shape)] as const;
    const before = gpu.stats().bytes;
    tidy(() => {
      F.scaledDotProductAttention(q, k, v, { dropoutP: 0.2 }).sum().backward();
    });
    expect(gpu.stats().bytes - before).toBeLessThan(700 * 700 * 4);
    for (const x of [q, k, v]) x.dispose();
  });

  test("a training loop allocates nothing after its tenth step, and submits once a step", async () => {
    const model = await new nn.Sequential(
      new nn.Linear(8, 16),
      new nn.GELU(),
      new nn.LayerNorm(16),
      new nn.Dropout(0.2),
      new nn.Linear(16, 4),
    ).to(gpu);
    const optimizer = new optim.AdamW(model.parameters());
    const [input, target] = [rand([32, 8], { backend: gpu }), zeros([32], { backend: gpu, dtype: "int32" })];
    const step = () =>
      tidy(() => {
        optimizer.zeroGrad();
        F.crossEntropy(model.forward(input), target).backward();
        optimizer.step();
      });
    const seen: { buffers: number; submissions: number }[] = [];
    for (let i = 0; i < 30; i++) {
      step();
      await Promise.resolve(); // the end of the microtask
      seen.push(gpu.stats());
    }
    const [tenth, last] = [seen[10], seen.at(-1)] as [(typeof seen)[0], (typeof seen)[0]];
    expect(last.buffers).toBe(tenth.buffers);
    expect(last.submissions - tenth.submissions).toBe(19);
    expect(memory(gpu).tensors).toBeGreaterThan(0);
  });
});
