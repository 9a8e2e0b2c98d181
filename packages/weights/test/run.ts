/** A run with everything in it that has a state, for the tests of checkpoints. */
import {
  type Backend,
  cpu,
  DataLoader,
  functional as F,
  Generator,
  manualSeed,
  nn,
  optim,
  randn,
  setDefaultBackend,
  type Tensor,
  TensorDataset,
  tidy,
} from "@dropwise/core";

/** A run with everything in it that has a state: masks of the default generator and of a layer's own, shuffling, momentum, a schedule, an average. */
export function start(seed = 1, backend: Backend = cpu) {
  setDefaultBackend(backend);
  const x = randn([44, 6], { generator: new Generator(3) });
  manualSeed(seed);
  const dataset = new TensorDataset(x, x.sum({ dim: 1, keepdim: true }));
  const model = new nn.Sequential(
    ...[new nn.Linear(6, 16, { bias: false }), new nn.BatchNorm1d(16), new nn.ReLU(), new nn.Dropout(0.3)],
    ...[new nn.Linear(16, 16), new nn.Dropout({ p: 0.2, generator: new Generator(seed + 5) }), new nn.Linear(16, 1)],
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const scheduler = new optim.CosineAnnealingLR(optimizer, { tMax: 100 });
  const ema = new optim.EMA(model.parameters(), { decay: 0.9 });
  const order = new Generator(seed + 9);
  const loader = new DataLoader(dataset, { batchSize: 8, shuffle: true, generator: order, prefetch: 3 });
  return { model, optimizer, scheduler, ema, loader, generators: { order } };
}
export type Run = ReturnType<typeof start>;

/** Trains from one step to another; `onStep` is told of each within the pass. */
export async function train(run: Run, from: number, to: number, isAsync: boolean, onStep = async (_step: number) => {}): Promise<void> {
  let step = from;
  const one = async ([input, target]: readonly [Tensor, Tensor]) => {
    tidy(() => {
      run.optimizer.zeroGrad();
      F.mseLoss(run.model.forward(input), target).backward();
      run.optimizer.step();
      run.ema.update();
      run.scheduler.step();
    });
    await onStep(++step);
  };
  while (step < to) {
    if (isAsync) {
      for await (const batch of run.loader) {
        await one(batch);
        if (step === to) break;
      }
    } else {
      for (const batch of run.loader) {
        await one(batch);
        if (step === to) break;
      }
    }
  }
}

/** All weights and their averages. */
export async function weights({ model, ema }: Run): Promise<readonly (readonly [string, ...number[]])[]> {
  const named = Object.entries(model.stateDict());
  const averages = ema.stateDict().averages.map((x, i) => [`average ${i}`, x as Tensor] as const);
  return Promise.all([...named, ...averages].map(async ([name, x]) => [name, ...(await x.data())] as const));
}
