import { describe, expect, test } from "vitest";
import {
  type Backend,
  cpu,
  DataLoader,
  functional as F,
  manualSeed,
  memory,
  nn,
  optim,
  rand,
  randn,
  setDefaultBackend,
  TensorDataset,
  tidy,
} from "../index";
import { blindBackend, hostBackend } from "../testing/backends";

/** The example of the README, written as there, for `steps` steps. Returns what was live after step 10 and at the end. */
function train(steps: number, makeOptimizer: (model: nn.Module) => { zeroGrad(): void; step(): void }) {
  manualSeed(42);
  const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout({ p: 0.5 }), new nn.Linear(20, 1), new nn.Sigmoid());
  const optimizer = makeOptimizer(model);
  const loader = new DataLoader(new TensorDataset(randn([150, 10]), rand([150, 1])), { batchSize: 32, shuffle: true });
  const seen: ReturnType<typeof memory>[] = [];
  let step = 0;
  while (step < steps) {
    for (const [input, target] of loader) {
      tidy(() => {
        optimizer.zeroGrad();
        const loss = F.binaryCrossEntropy(model.forward(input), target);
        loss.backward();
        optimizer.step();
      });
      step++;
      // Batches differ in size, so both looks are at the same place of a pass.
      if (step === 10 || step === steps) seen.push(memory());
      if (step === steps) break;
    }
  }
  return seen as [ReturnType<typeof memory>, ReturnType<typeof memory>];
}

describe("a training loop", () => {
  test.each<[string, () => Backend, number]>([
    ["the reference backend", () => cpu, 1000],
    ["a host-visible backend", () => hostBackend() as Backend, 300],
    ["a backend without views", () => blindBackend() as Backend, 200],
  ])("on %s has the same live tensors and bytes after step 10 and at the end", (_, make, steps) => {
    setDefaultBackend(make());
    try {
      for (const optimizer of [
        (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
        (model: nn.Module) => new optim.AdamW(model.parameters()),
      ]) {
        const [early, late] = train(steps, optimizer);
        expect(late).toEqual(early);
        expect(late.tensors).toBeGreaterThan(8);
      }
    } finally {
      setDefaultBackend(cpu);
    }
  });

  test("with clipping, losses kept as numbers, and inference in between does, too", () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.GELU(), new nn.AlphaDropout(0.2), new nn.Linear(8, 3));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const input = randn([16, 4]);
    const target = rand([16, 3]);
    const losses: number[] = [];
    const looks: number[] = [];
    for (let step = 0; step < 60; step++) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.train().forward(input), F.softmax(target, { dim: 1 }));
        loss.backward();
        nn.clipGradNorm(model.parameters(), 1);
        optimizer.step();
        return loss.detach();
      });
      losses.push(loss.itemSync());
      loss.dispose();
      tidy(() => void model.eval().forward(input).argmax({ dim: 1 }).dataSync());
      if (step % 20 === 19) looks.push(memory().bytes, memory().tensors);
    }
    expect(looks.slice(2)).toEqual([...looks.slice(0, 2), ...looks.slice(0, 2)]);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });
});
