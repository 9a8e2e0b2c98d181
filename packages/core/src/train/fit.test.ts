import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Backend,
  cpu,
  DataLoader,
  functional as F,
  isGradEnabled,
  memory,
  nn,
  ones,
  optim,
  rand,
  setDefaultBackend,
  type Tensor,
  tensor,
  tidy,
} from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRejection } from "../testing/refusal";
import { fail, flagsOf, mixed, run, setting, stateOf, stopper } from "../testing/training";
import { Accuracy, EarlyStopping, type EpochResult, evaluate, type FitOptions, fit, MeanLoss } from "./index";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

describe("fit", () => {
  test.each<[string, () => Backend]>([
    ["cpu", () => cpu],
    ["a host-visible backend", () => hostBackend() as Backend],
    ["a backend without views", () => blindBackend() as Backend],
  ])("on %s has the weights of the handwritten loop, bit for bit, and its losses", async (_, make) => {
    setDefaultBackend(make());
    const mine = setting();
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      mine.model.train();
      let total = 0;
      for (const [input, target] of mine.loader) {
        const loss = tidy(() => {
          mine.optimizer.zeroGrad();
          const loss = F.crossEntropy(mine.model.forward(input), target);
          loss.backward();
          mine.optimizer.step();
          return loss;
        });
        total += (target.shape[0] as number) * (await loss.item());
        loss.dispose();
      }
      losses.push(total / 22);
    }
    const theirs = setting();
    const history = await run(theirs, { epochs: 3 });
    expect(await stateOf(theirs.model)).toEqual(await stateOf(mine.model));
    expect(history.map(({ epoch, validation }) => [epoch, validation])).toEqual([1, 2, 3].map((epoch) => [epoch, undefined]));
    history.forEach(({ loss }, i) => {
      expect(loss).toBeCloseTo(losses[i] as number, 5);
    });
  });

  test("leaves the same tensors and bytes after each epoch, and none of its own", async () => {
    const given = setting();
    const before = memory().tensors;
    const looks: unknown[] = [];
    await run(given, {
      epochs: 40,
      validate: async () =>
        void (await evaluate(given.model, given.loader, { loss: new MeanLoss(F.crossEntropy), accuracy: new Accuracy() })),
      onEpoch: () => looks.push([memory().tensors, memory().bytes]),
    });
    expect(looks.slice(2)).toEqual(Array(38).fill(looks[1]));
    // Gradients and two moments of each of six parameters.
    expect(memory().tensors - before).toBe(6 * 3);
  });

  test("is told steps and epochs in order, and waits for who is told", async () => {
    const given = setting();
    const told: string[] = [];
    const later = () => new Promise((resolve) => setTimeout(resolve, 1));
    await run(given, {
      onStep: async ({ epoch, step, steps, readLoss }) => {
        told.push(`${epoch}.${step}/${steps}`);
        await later();
        expect(await readLoss()).toBeGreaterThan(0);
        told.push("-");
      },
      validate: async () => {
        await later();
        told.push("validate");
      },
      onEpoch: async ({ epoch }) => {
        await later();
        told.push(`epoch ${epoch}`);
      },
    });
    const epoch = (n: number) => [...[1, 2, 3, 4, 5, 6].flatMap((step) => [`${n}.${step}/6`, "-"]), "validate", `epoch ${n}`];
    expect(told).toEqual([...epoch(1), ...epoch(2)]);
  });

  test("readLoss gives each step's loss, and their mean by size is the epoch's", async () => {
    const given = setting();
    const losses: number[] = [];
    const onStep: FitOptions["onStep"] = async ({ readLoss }) => losses.push(await readLoss());
    const [result] = (await run(given, { epochs: 1, onStep })) as [EpochResult];
    const mean = losses.reduce((sum, loss, i) => sum + loss * (i === 5 ? 2 : 4), 0) / 22;
    expect(result.loss).toBeCloseTo(mean, 6);
  });

  test("reads once in an epoch, and once in eight steps, where nobody asks for more", async () => {
    const backend = blindBackend() as Backend;
    let reads = 0;
    const counted: Backend = {
      ...backend,
      read(storage, start, length) {
        reads++;
        return backend.read(storage, start, length);
      },
    };
    setDefaultBackend(counted);
    const given = setting(64);
    const seen: number[] = [];
    await run(given, { epochs: 1, onStep: () => seen.push(reads) });
    expect(seen).toEqual([...Array(7).fill(0), ...Array(8).fill(1), 2]);
    expect(reads).toBe(3);
  });

  test("lets timers have their turn in the middle of an epoch", async () => {
    const given = setting(400);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const start = performance.now();
    // Until a turn came, or for so long that it is not coming.
    const { signal, abort } = stopper();
    const stop = () => (turns > 0 || performance.now() - start > 20_000) && abort();
    await fit(given.model, given.loader, { loss: F.crossEntropy, optimizer: given.optimizer, epochs: 1e6, onStep: stop, signal }).catch(
      () => {},
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test("takes batches with several inputs, loaders that promise, arrays, and losses that are modules", async () => {
    class Two extends nn.Module {
      readonly layer = new nn.Linear(2, 1);
      forward(a: Tensor, b: Tensor) {
        return this.layer.forward(a.add(b));
      }
    }
    const model = new Two();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const batches = Array.from({ length: 3 }, () => [rand([4, 2]), rand([4, 2]), ones([4, 1])] as const);
    const promised = {
      length: 3,
      at: async (i: number): Promise<[Float32Array, Float32Array, number]> => [Float32Array.of(i, 1), Float32Array.of(1, i), i],
    };
    for (const loader of [batches, new DataLoader(promised, { batchSize: 2, transform: ([a, b, y]) => [a, b, y.reshape([-1, 1])] })]) {
      const [first, , last] = await fit(model, loader, { loss: new nn.MSELoss(), optimizer, epochs: 3 });
      expect(last?.loss).toBeLessThan(first?.loss as number);
    }
  });

  test("has an optimizer's place for clipping", async () => {
    const given = setting();
    const norms: number[] = [];
    const { optimizer, model } = given;
    const clipped = {
      zeroGrad: () => optimizer.zeroGrad(),
      step() {
        norms.push(nn.clipGradNorm(model.parameters(), 0.1).itemSync());
        optimizer.step();
      },
    };
    await run(given, { epochs: 1, optimizer: clipped });
    expect(norms.filter((norm) => norm > 0)).toHaveLength(6);
  });
});

describe("around the steps", () => {
  test("modules are in training for steps, in evaluation for validate, and get their own flags back", async () => {
    const given = setting();
    const flags = mixed(given.model);
    const seen = new Set<string>();
    const look = (when: string) => () => void seen.add(`${when} ${[...new Set(flagsOf(given.model))]}`);
    await run(given, { onStep: look("step"), validate: look("validate"), onEpoch: look("epoch") });
    expect([...seen]).toEqual(["step true", "validate false", "epoch true"]);
    expect(flagsOf(given.model)).toEqual(flags);
  });

  test.each<[string, (given: ReturnType<typeof setting>) => Partial<FitOptions>]>([
    ["the loss", () => ({ loss: fail })],
    ["the optimizer", () => ({ optimizer: { zeroGrad: () => {}, step: fail } })],
    ["onStep", () => ({ onStep: fail })],
    ["onEpoch", () => ({ onEpoch: async () => fail() })],
    ["validate", () => ({ validate: async () => fail() })],
    ["monitor", () => ({ monitor: fail })],
    ["the scheduler", () => ({ scheduler: { step: fail } })],
    ["earlyStopping", () => ({ earlyStopping: { step: fail } })],
  ])("an error of %s comes through, and leaves flags, recording and memory as they were", async (_, options) => {
    const given = setting();
    const flags = mixed(given.model);
    await run(given, { epochs: 1 }); // state of the optimizer
    given.optimizer.zeroGrad();
    const before = memory().tensors;
    await expectRejection(run(given, options(given)), "Error", "by the user");
    expect(flagsOf(given.model)).toEqual(flags);
    given.optimizer.zeroGrad();
    expect(memory().tensors).toBe(before);
    expect(isGradEnabled()).toBe(true);
    await run(given);
  });

  test("a loader that fails half way leaves flags and memory, and can be gone over again", async () => {
    const given = setting();
    const flags = mixed(given.model);
    let isBroken = true;
    const rows = {
      length: 10,
      at: async (i: number): Promise<[Float32Array, Tensor]> => {
        if (isBroken && i === 6) fail();
        return [new Float32Array(4).fill(i), tensor(i % 3, { dtype: "int32" })];
      },
    };
    const loader = new DataLoader(rows, { batchSize: 2 });
    const steps: number[] = [];
    await run({ ...given, loader: loader as never }, { epochs: 1, onStep: ({ step }) => steps.push(step) }).catch(() => {});
    expect(steps).toEqual([1, 2, 3]);
    expect(flagsOf(given.model)).toEqual(flags);
    isBroken = false;
    await run({ ...given, loader: loader as never }, { epochs: 1, onStep: ({ step }) => steps.push(step) });
    expect(steps).toEqual([1, 2, 3, 1, 2, 3, 4, 5]);
  });

  test("schedulers are stepped after each epoch, or after each step", async () => {
    const given = setting();
    const lr = () => given.optimizer.paramGroups[0]?.lr as number;
    const lrs: number[] = [];
    const onStep = () => void lrs.push(lr());
    await run(given, { scheduler: new optim.StepLR(given.optimizer, { stepSize: 1, gamma: 0.5 }), epochs: 3, onStep });
    expect(lrs.filter((_, i) => i % 6 === 0)).toEqual([0.05, 0.025, 0.0125]);
    expect(new Set(lrs).size).toBe(3);
    const cycle = setting();
    const scheduler = new optim.OneCycleLR(cycle.optimizer, { maxLr: 0.1, totalSteps: 12 });
    await run(cycle, { scheduler, schedulerInterval: "step", epochs: 2 });
    expect(scheduler.stateDict().lastEpoch).toBe(12);
  });

  test("ReduceLROnPlateau and EarlyStopping watch the validation's loss, a number, what monitor says, else the training loss", async () => {
    const values = [3, 2, 2, 2];
    const watchedBy = async (options: (value: () => number) => Partial<FitOptions<never>>) => {
      const given = setting();
      const seen: number[] = [];
      let i = 0;
      const spy = { step: (value?: number) => void seen.push(value as number) };
      const { optimizer, model, loader } = given;
      await fit(model, loader, {
        loss: F.crossEntropy,
        optimizer,
        epochs: 4,
        scheduler: spy,
        ...options(() => values[i++] as number),
      } as never);
      return seen;
    };
    expect(await watchedBy((next) => ({ validate: () => ({ loss: next(), accuracy: 0 }) as never }))).toEqual(values);
    expect(await watchedBy((next) => ({ validate: (async () => next()) as never }))).toEqual(values);
    expect(
      await watchedBy((next) => ({
        validate: () => ({ loss: 9, accuracy: next() }) as never,
        monitor: ({ validation }) => (validation as { accuracy: number }).accuracy,
      })),
    ).toEqual(values);
    expect((await watchedBy(() => ({}))).every((loss) => loss > 0.1 && loss < 3)).toBe(true);

    const given = setting();
    let i = 0;
    const scheduler = new optim.ReduceLROnPlateau(given.optimizer, { patience: 1, factor: 0.5 });
    const earlyStopping = new EarlyStopping({ patience: 3 });
    const history = await fit(given.model, given.loader, {
      loss: F.crossEntropy,
      optimizer: given.optimizer,
      epochs: 10,
      validate: () => ({ loss: values[Math.min(i++, 3)] as number }),
      scheduler,
      earlyStopping,
    });
    expect(history.map(({ validation }) => validation.loss)).toEqual([3, 2, 2, 2, 2]);
    expect(given.optimizer.paramGroups[0]?.lr).toBe(0.025);
    expect([earlyStopping.bestEpoch, earlyStopping.best]).toEqual([2, 2]);
  });

  test("a fit inside another, of another model or of the same, is one like any", async () => {
    const outer = setting();
    const inner = setting();
    const losses: number[] = [];
    const flags = mixed(outer.model);
    await run(outer, {
      onStep: async ({ step }) => {
        if (step !== 2) return;
        losses.push((await run(inner, { epochs: 1 }))[0]?.loss as number);
        await run(outer, { epochs: 1 });
        expect(flagsOf(outer.model)).toEqual(flags.map(() => true));
      },
    });
    expect(losses).toHaveLength(2);
    expect(flagsOf(outer.model)).toEqual(flags);
  });
});
