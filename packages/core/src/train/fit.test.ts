import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Backend,
  cpu,
  DataLoader,
  functional as F,
  Generator,
  isGradEnabled,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  rand,
  randn,
  setDefaultBackend,
  type Tensor,
  TensorDataset,
  tensor,
  tidy,
} from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRejection } from "../testing/refusal";
import { Accuracy, EarlyStopping, type EpochResult, evaluate, type FitOptions, fit, MeanLoss } from "./index";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

/** A model with dropout and batch statistics, data with a last batch that is not full, an optimizer with state. */
function setting(rows = 22) {
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(8, 3));
  const [x, y] = tidy(() => {
    const x = randn([rows, 4]);
    return [x, x.slice(1, 0, 3).argmax({ dim: 1 })] as const;
  });
  const dataset = new TensorDataset(x, y);
  const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  return { model, loader, optimizer, dataset };
}

const flagsOf = (model: nn.Module) => [...model.modules()].map(({ training }) => training);
const stateOf = async (model: nn.Module) => Promise.all(Object.values(model.stateDict()).map((x) => x.data()));

/** Sets flags as no call of `train` or `eval` does. */
function mixed(model: nn.Module): boolean[] {
  [...model.modules()].forEach((module, i) => {
    module.training = i % 2 === 0;
  });
  return flagsOf(model);
}

const run = (given: ReturnType<typeof setting>, options: Partial<FitOptions> = {}) =>
  fit(given.model, given.loader, { loss: F.crossEntropy, optimizer: given.optimizer, epochs: 2, ...options });

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

describe("a signal", () => {
  test("that was given before rejects, and nothing has happened", async () => {
    const given = setting();
    const flags = mixed(given.model);
    const before = await stateOf(given.model);
    const generator = new Generator(3);
    const state = generator.getState();
    const loader = new DataLoader(given.dataset, { shuffle: true, generator });
    const signal = AbortSignal.abort();
    await expectRejection(run({ ...given, loader: loader as never }, { signal }), "AbortError");
    expect(generator.getState()).toEqual(state);
    expect(flagsOf(given.model)).toEqual(flags);
    expect(await stateOf(given.model)).toEqual(before);
  });

  test("in the middle of an epoch ends it between steps, closes the loader, and leaves all usable", async () => {
    const given = setting();
    const flags = mixed(given.model);
    await run(given, { epochs: 1 });
    const before = memory().tensors;
    const { signal, abort } = stopper(new Error("enough"));
    const done: EpochResult[] = [];
    let steps = 0;
    const closed = tracked(given.loader);
    const onStep: FitOptions["onStep"] = ({ epoch, step }) => {
      steps++;
      if (epoch === 2 && step === 3) abort();
    };
    const options = {
      loss: F.crossEntropy,
      optimizer: given.optimizer,
      epochs: 5,
      signal,
      onStep,
      onEpoch: (result: EpochResult) => done.push(result),
    };
    await expectRejection(fit(given.model, closed, options), "Error", "enough");
    expect(steps).toBe(9);
    expect(done).toHaveLength(1);
    expect(closed.open).toBe(0);
    expect(flagsOf(given.model)).toEqual(flags);
    expect(memory().tensors).toBe(before);
    await run(given);
  });

  test("while a batch is waited for ends it at once, and what comes later is freed", async () => {
    const given = setting();
    let give = (_: Tensor[]) => {};
    const slow = {
      length: 4,
      batch: ([place]: Int32Array): Promise<Tensor[]> =>
        place === 0
          ? Promise.resolve([ones([2, 4]), tensor(new Int32Array(2))])
          : new Promise((resolve) => {
              give = resolve;
            }),
    };
    const { signal, abort } = stopper();
    await run(given, { epochs: 1 });
    const before = memory().tensors;
    const onStep = () => void setTimeout(abort, 5); // the next batch is asked for by then
    await expectRejection(run({ ...given, loader: new DataLoader(slow, { batchSize: 2 }) as never }, { signal, onStep }), "AbortError");
    expect(memory().tensors).toBe(before);
    give([ones([2, 4]), tensor(new Int32Array(2))]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(memory().tensors).toBe(before);
  });

  test("during validation ends it there, or, where that does not hear it, before the next epoch", async () => {
    for (const hears of [true, false]) {
      const given = setting();
      const { signal, abort } = stopper();
      const flags = mixed(given.model);
      let updates = 0;
      const metric = {
        update() {
          if (++updates === 2) abort();
        },
        compute: () => 0,
        reset: () => {},
      };
      const told: number[] = [];
      const validate = async () => void (await evaluate(given.model, given.loader, { metric }, hears ? { signal } : {}));
      await expectRejection(run(given, { signal, validate, onEpoch: ({ epoch }) => told.push(epoch) }), "AbortError");
      expect(updates).toBe(hears ? 2 : 6);
      expect(told).toEqual([]);
      expect(flagsOf(given.model)).toEqual(flags);
    }
  });

  test("that comes when all is done changes nothing", async () => {
    const given = setting();
    const { signal, abort } = stopper();
    expect(await run(given, { signal, onEpoch: ({ epoch }) => epoch === 2 && abort() })).toHaveLength(2);
  });
});

describe("what fit refuses", () => {
  test("options, before anything has happened", async () => {
    const given = setting();
    const flags = mixed(given.model);
    const refused = (options: object, ...parts: string[]) => expectRejection(run(given, options as never), "TypeError", ...parts);
    await refused({ loss: undefined }, "fit: expected loss to be a function of output and target, or a module, got undefined");
    await refused({ loss: nn.CrossEntropyLoss }, "fit: expected a loss, got the class of one - make one with new");
    await refused({ optimizer: {} }, "fit: expected optimizer to be an object with zeroGrad and step");
    await refused({ scheduler: 1 }, "fit: expected scheduler to be an object with step, got 1");
    await refused({ schedulerInterval: "batch" }, 'fit: expected schedulerInterval to be "epoch" or "step", got "batch"');
    await refused({ validate: given.loader }, "fit: expected a function, got a value of type DataLoader - pass validate: () => { ... }");
    await refused({ onstep: () => {} }, "did you mean onStep?");
    await refused({ signal: new AbortController() }, "fit: expected signal to be an AbortSignal");
    await refused({ epochs: "3" }, "fit: expected epochs to be a number");
    await expectRejection(run(given, { epochs: -1 }), "RangeError", "fit: expected epochs to be an integer of 0 or more, got -1");
    const scheduler = new optim.ReduceLROnPlateau(given.optimizer);
    await refused({ scheduler, schedulerInterval: "step" }, 'fit: expected schedulerInterval "epoch" for ReduceLROnPlateau, got "step"');
    await refused({ monitor: () => "1" }, "fit: expected monitor to give a number, got");
    await expectRejection(fit({} as never, given.loader, {} as never), "TypeError", "fit: expected a model that is a Module");
    await expectRejection(fit(given.model, 3 as never, {} as never), "TypeError", "fit: expected batches to loop over, got 3");
    expect(await run(given, { epochs: 0 })).toEqual([]);
    expect(flagsOf(given.model)).toEqual(flags);
  });

  test("losses of more than one element, and batches of another form", async () => {
    const given = setting();
    const each = (output: Tensor, target: Tensor) => F.crossEntropy(output, target, { reduction: "none" });
    await expectRejection(
      run(given, { loss: each }),
      "ShapeError",
      'fit: expected one element, got shape [4] - let it give one, by reduction: "mean" or by mean()',
    );
    await expectRejection(run(given, { loss: () => 1 as never }), "TypeError", "fit: expected what loss gives to be a Tensor, got 1");
    await expectRejection(
      run(given, { loss: (async () => ones([])) as never }),
      "TypeError",
      "fit: expected a loss that is there at once, got a promise",
    );
    const wrong = async (batch: unknown, got: string) => {
      await expectRejection(
        run({ ...given, loader: [batch] as never }),
        "TypeError",
        `fit: expected batches as [input, target], got ${got}`,
      );
    };
    await wrong(ones([2, 4]), "a Tensor [2, 4] - give the loader a transform that makes them");
    await wrong([ones([2, 4])], "an array of 1");
    await wrong({ x: 1 }, "a value of type Object");
  });

  test("a loader that has nothing, or has no more in the second epoch", async () => {
    const given = setting();
    await expectRejection(
      run({ ...given, loader: [] as never }),
      "TypeError",
      "fit: expected a loader that gives batches, got none in epoch 1",
    );
    function* once() {
      yield [ones([2, 4]), tensor(new Int32Array(2))];
    }
    await expectRejection(
      run({ ...given, loader: once() as never }),
      "TypeError",
      "got none in epoch 2 - a generator can be looped over only once",
    );
  });
});

// --- internal helpers ---

function fail(): never {
  throw new Error("by the user");
}

function stopper(reason?: Error) {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(reason) };
}

/** The loader, and how many of its passes are open. */
function tracked(loader: Iterable<readonly unknown[]>) {
  return {
    open: 0,
    *[Symbol.iterator]() {
      this.open++;
      try {
        yield* loader;
      } finally {
        this.open--;
      }
    },
  };
}
