import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Backend, cpu, DataLoader, functional as F, Generator, memory, ones, setDefaultBackend, type Tensor, tensor } from "../index";
import { hostBackend } from "../testing/backends";
import { expectRejection } from "../testing/refusal";
import { flagsOf, mixed, run, setting, stateOf, stopper } from "../testing/training";
import { type EpochResult, evaluate, type FitOptions, fit } from "./index";

// What other tests left to the garbage collector is not counted.
beforeEach(() => setDefaultBackend(hostBackend("own") as Backend));
afterEach(() => setDefaultBackend(cpu));

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

// --- internal helpers ---

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
