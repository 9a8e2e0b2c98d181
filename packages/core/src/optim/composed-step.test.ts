import { describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, Generator, optim, randn, tensor, tidy } from "../index";
import { blindBackend } from "../testing/backends";
import { expectClose } from "../testing/close";

type Make = (x: Parameters<typeof F.relu>[0]) => { zeroGrad(): void; step(): void };

/** Six steps down a bowl, on one backend. */
async function run(backend: Backend, make: Make): Promise<ArrayLike<number>> {
  const start = randn([3, 4], { generator: new Generator(1) }).dataSync();
  const x = tensor(start, { shape: [3, 4], backend, requiresGrad: true });
  const optimizer = make(x);
  for (let i = 0; i < 6; i++) {
    tidy(() => {
      optimizer.zeroGrad();
      x.mul(x).mul(x).add(x).sum().backward();
      optimizer.step();
    });
  }
  return x.data();
}

describe("a step composed of tensor operations", () => {
  test.each<[string, Make]>([
    ["SGD", (x) => new optim.SGD([x], { lr: 0.01 })],
    ["SGD with momentum", (x) => new optim.SGD([x], { lr: 0.01, momentum: 0.9 })],
    ["SGD with momentum and dampening", (x) => new optim.SGD([x], { lr: 0.01, momentum: 0.9, dampening: 0.3 })],
    [
      "SGD with Nesterov's momentum and weight decay",
      (x) => new optim.SGD([x], { lr: 0.01, momentum: 0.8, nesterov: true, weightDecay: 0.1 }),
    ],
    ["Adam", (x) => new optim.Adam([x], { lr: 0.05 })],
    ["Adam with weight decay", (x) => new optim.Adam([x], { lr: 0.05, weightDecay: 0.1, betas: [0.8, 0.95], eps: 1e-4 })],
    ["AdamW", (x) => new optim.AdamW([x], { lr: 0.05, weightDecay: 0.1 })],
  ])("of %s agrees with the fused one", async (_, make) => {
    expectClose(await run(blindBackend() as Backend, make), await run(cpu as Backend, make), { rtol: 1e-5, atol: 1e-6 });
  });

  test("is taken for a parameter or gradient that is strided, too", () => {
    const x = randn([2, 3], { generator: new Generator(2) })
      .transpose(0, 1)
      .detach();
    x.requiresGrad = true;
    const before = x.dataSync();
    x.sum().backward(undefined, { createGraph: true }); // one value repeated
    expect(x.isContiguous()).toBe(false);
    new optim.SGD([x], { lr: 0.5 }).step();
    expectClose(
      x.dataSync(),
      [...before].map((v) => v - 0.5),
    );
  });
});

describe("softmax and linear composed", () => {
  test("agree with the fused ones, gradients included", async () => {
    const results = await Promise.all(
      [cpu as Backend, blindBackend() as Backend].map(async (backend) => {
        const at = (shape: number[], seed: number) =>
          tensor(randn(shape, { generator: new Generator(seed) }).dataSync(), { shape, backend, requiresGrad: true });
        const [x, w, b] = [at([4, 3], 1), at([5, 3], 2), at([5], 3)];
        const logits = F.linear(x, w, b);
        const loss = F.softmax(logits, { dim: 1 })
          .mul(F.logSoftmax(logits, { dim: 0 }))
          .sum();
        loss.backward();
        return Promise.all([loss, x.grad, w.grad, b.grad].map(async (t) => [...((await t?.data()) ?? [])]));
      }),
    );
    results[0]?.forEach((expected, i) => {
      expectClose(results[1]?.[i] ?? [], expected, { rtol: 1e-5, atol: 1e-6 });
    });
  });
});
