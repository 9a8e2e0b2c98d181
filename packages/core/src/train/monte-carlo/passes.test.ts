import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Backend,
  cpu,
  defaultGenerator,
  functional as F,
  Generator,
  manualSeed,
  memory,
  nn,
  noGrad,
  OutOfMemoryError,
  rand,
  randn,
  setDefaultBackend,
  shard,
  stack,
  type Tensor,
  tensor,
} from "../../index";
import { torchCpu } from "../../streams/index";
import { blindBackend, hostBackend } from "../../testing/backends";
import { monteCarlo } from "./monte-carlo";
import { input, network } from "./testing/network";

/** Notes how many rows each call has. */
class Counting extends nn.Module {
  rows: number[] = [];

  constructor(readonly inner: nn.TensorModule) {
    super();
  }

  forward(x: Tensor): Tensor {
    this.rows.push(x.shape[0] as number);
    return this.inner.forward(x);
  }
}

const values = (x: Tensor | null) => [...(x as Tensor).dataSync()];

/** What a loop gives that asks for one answer after the other. */
function loop(model: nn.TensorModule, x: Tensor, samples: number): Tensor {
  return noGrad(() => stack(Array.from({ length: samples }, () => model.forward(x))));
}

/** What each of the samples gave is another. */
function expectApart(samples: Tensor | null, count: number): void {
  const all = values(samples);
  const each = Array.from({ length: count }, (_, s) => all.slice((s * all.length) / count, ((s + 1) * all.length) / count).join());
  expect(new Set(each).size).toBe(count);
}

afterEach(() => setDefaultBackend(cpu));

describe("the passes of monteCarlo", () => {
  test("have the masks of one batch of all samples, whatever their size", () => {
    const model = network();
    const whole = (rows: number, samples: number) => {
      const x = input(rows);
      manualSeed(6);
      return noGrad(() => model.train().forward(x.unsqueeze(0).expand([samples, rows, 4]).reshape([-1, 4])));
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        (rows, samples, maxRows) => {
          const expected = values(whole(rows, samples));
          const generator = new Generator(6);
          expect(values(monteCarlo(model, input(rows), { samples, maxRows, keepSamples: true, generator }).samples)).toEqual(expected);
          expect(generator.call).toBe(2n);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("change means and variances by rounding alone", () => {
    const model = network();
    const ask = (maxRows: number) => {
      manualSeed(3);
      const { mean, variance, mutualInformation } = monteCarlo(model, input(), { samples: 40, maxRows, outputs: "logits" });
      return [mean, variance, mutualInformation].flatMap(values);
    };
    const all = ask(1000);
    for (const value of [1, 6, 50].map(ask)) {
      for (const [i, expected] of all.entries()) expect(value[i]).toBeCloseTo(expected, 6);
    }
  });

  test("are shared by layers before the first that draws, which run once, on the rows of the input", () => {
    const [before, inside, after] = [new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2)].map(
      (layer) => new Counting(layer),
    ) as [Counting, Counting, Counting];
    const off = new nn.Dropout(0);
    const model = new nn.Sequential(before, new nn.Sequential(off, inside, new nn.Sequential(new nn.Dropout(0.5), after)));
    monteCarlo(model, input(), { samples: 10, maxRows: 12 });
    expect([before.rows, inside.rows, after.rows]).toEqual([[3], [3], [12, 12, 6]]);
    // Where nothing draws, nothing runs twice.
    const { variance, mean } = monteCarlo(model, input(), { only: [] });
    expect([before.rows, after.rows]).toEqual([
      [3, 3],
      [12, 12, 6, 3],
    ]);
    expect(values(variance)).toEqual(new Array(6).fill(0));
    expect(values(mean)).toEqual(values(noGrad(() => model.eval().forward(input()))));
    // A model of another form runs as a whole.
    const whole = new Counting(new nn.Sequential(before, new nn.Dropout(0.5)));
    before.rows = [];
    monteCarlo(whole, input(), { samples: 10 });
    expect([whole.rows, before.rows]).toEqual([[30], [30]]);
  });

  test("are not gone into where a Sequential has a forward of its own, or hooks, which go on", () => {
    class Doubled extends nn.Sequential {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const layers = () => [new nn.Linear(4, 4), new nn.Dropout(0.5)] as const;
    const sum = (model: nn.TensorModule) => values(monteCarlo(model, input(), { samples: 5, generator: new Generator(2) }).mean);
    const [linear, drop] = layers();
    const plain = sum(new nn.Sequential(linear, drop));
    expect(sum(new Doubled(linear, drop))).toEqual(plain.map((value) => 2 * value));
    const hooked = new nn.Sequential(linear, drop);
    const seen: number[] = [];
    hooked.registerForwardHook((_module, _inputs, output) => {
      seen.push((output as Tensor).shape[0] as number);
      return (output as Tensor).mul(2);
    });
    expect(sum(hooked)).toEqual(plain.map((value) => 2 * value));
    expect(seen).toEqual([15]);
  });

  test("leave the input alone where layers write in place", () => {
    const x = input();
    const kept = values(x);
    class InPlace extends nn.Module {
      drop = new nn.Dropout({ p: 0.5, inplace: true });
      forward(y: Tensor): Tensor {
        return this.drop.forward(F.dropout(y.slice(1, 0, 2), { p: 1, inplace: true }).add(y.slice(1, 2, 4)));
      }
    }
    for (const model of [
      new nn.Sequential(new nn.Dropout({ p: 0.5, inplace: true })),
      new InPlace(),
      new nn.Sequential(new nn.Flatten(), new InPlace()),
    ]) {
      const ask = (maxRows: number) =>
        values(monteCarlo(model, x, { samples: 4, maxRows, keepSamples: true, generator: new Generator(1) }).samples);
      expect(ask(3)).toEqual(ask(100));
      for (const value of ask(100)) expect(value === 0 || kept.includes(value / 2)).toBe(true);
      expect(values(x)).toEqual(kept);
    }
  });

  test("are one for each sample where masks have no rows of their own, and then draw as a loop does", () => {
    class Noisy extends nn.Module {
      forward(x: Tensor) {
        return F.dropout(x.add(randn(x.shape)), 0.5);
      }
    }
    class Thinned extends nn.Module {
      weight = new nn.Parameter(rand([6, 4]));
      forward(x: Tensor) {
        return F.linear(x, F.dropout(this.weight, 0.5));
      }
    }
    class Steps extends nn.Module {
      lstm = new nn.LSTM(4, 3, { numLayers: 2, dropout: 0.5 });
      forward(x: Tensor) {
        return this.lstm.forward(x.unsqueeze(1).expand([x.shape[0] as number, 36, 4]))[0];
      }
    }
    class Catches extends nn.Module {
      drop = new nn.Dropout({ p: 0.5, noiseShape: [1, -1] });
      forward(x: Tensor) {
        try {
          return this.drop.forward(x);
        } catch {
          return x;
        }
      }
    }
    manualSeed(8);
    const shared = new nn.Dropout({ p: 0.5, noiseShape: [1, 4] });
    for (const model of [new Noisy(), new Thinned(), shared, new Steps(), new Catches()]) {
      const x = input();
      manualSeed(9);
      const expected = values(loop(model as nn.TensorModule, x, 6));
      const state = defaultGenerator().getState();
      for (const maxRows of [3, 100]) {
        manualSeed(9);
        const { samples } = monteCarlo(model, x, { samples: 6, maxRows, keepSamples: true });
        expect(values(samples)).toEqual(expected);
        expect(defaultGenerator().getState()).toEqual(state);
      }
    }
    const big = new nn.Sequential(new nn.Linear(4, 32), new nn.Dropout({ p: 0.5, noiseShape: [1, 32] }), new nn.Linear(32, 2));
    expectApart(monteCarlo(big, input(), { samples: 6, keepSamples: true }).samples, 6);
  });

  test("hold a mask for each sample in layers that hold theirs, and none afterwards; the whole family takes part", () => {
    class Twice extends nn.Module {
      held = new nn.HeldDropout(0.5);
      forward(x: Tensor) {
        return this.held.forward(x).sub(this.held.forward(x.add(0)).mul(2));
      }
    }
    const model = new Twice();
    const x = input(2).add(1);
    model.held.forward(rand([7, 4])); // held from training
    const ask = (maxRows: number) => monteCarlo(model, x, { samples: 6, maxRows, keepSamples: true, generator: new Generator(2) });
    const { samples } = ask(100);
    expectApart(samples, 6);
    for (const value of values(samples)) expect(value === 0 || value < -2).toBe(true); // -2 x where kept, in both
    expect(values(ask(4).samples)).toEqual(values(samples));
    expect(model.held.forward(rand([7, 4])).shape).toEqual([7, 4]);
    for (const layer of [
      new nn.GaussianDropout(0.3),
      new nn.WeightDrop(new nn.Linear(4, 16), ["weight"], 0.5),
      new nn.LayerDrop(
        Array.from({ length: 12 }, () => new nn.Linear(4, 4)),
        0.5,
      ),
    ]) {
      for (const maxRows of [2, 100]) expectApart(monteCarlo(layer, x, { samples: 6, maxRows, keepSamples: true }).samples, 6);
    }
  });

  test("under another framework's stream draw what its loop draws", () => {
    const model = network();
    manualSeed(3, { stream: torchCpu });
    const expected = values(loop(model, input(), 4));
    manualSeed(3, { stream: torchCpu });
    const { samples } = monteCarlo(model, input(), { samples: 4, keepSamples: true });
    expect(values(samples)).toEqual(expected);
    const generator = new Generator(3, { stream: torchCpu });
    manualSeed(0);
    expect(values(monteCarlo(model, input(), { samples: 4, keepSamples: true, generator }).samples)).toEqual(expected);
    expect(defaultGenerator().call).toBe(0n);
  });

  test("are halved where memory runs out, for the same masks", () => {
    let largest = Number.POSITIVE_INFINITY;
    const tight: Backend = hostBackend("tight", {
      allocate(dtype, length) {
        if (length > largest) throw new OutOfMemoryError("tight", 4 * length);
        return cpu.allocate(dtype, length) as never;
      },
    }) as Backend;
    setDefaultBackend(tight);
    const model = network();
    const x = input();
    const ask = () => values(monteCarlo(model, x, { samples: 10, generator: new Generator(4) }).mean);
    const roomy = ask();
    const expectSame = () => {
      for (const [i, value] of ask().entries()) expect(value).toBeCloseTo(roomy[i] as number, 6);
    };
    largest = 16 * 3 * 3; // three samples of the widest layer
    expectSame();
    largest = 16 * 3;
    expectSame();
    largest = 16;
    const generator = new Generator(4);
    expect(() => monteCarlo(model, x, { generator })).toThrow(OutOfMemoryError);
    expect(generator.call).toBe(0n);
  });

  test("leave nothing in memory but the result, also after an error", () => {
    setDefaultBackend(hostBackend("own") as Backend);
    const model = network();
    const x = input();
    const before = memory().tensors;
    const kept = monteCarlo(model, x, { samples: 9, maxRows: 6, outputs: "logits", keepSamples: true });
    expect(memory().tensors - before).toBe(5);
    for (const value of Object.values(kept)) value.dispose();
    const { mean, variance } = monteCarlo(model, x, { samples: 9, maxRows: 6, sameMasks: true });
    expect(memory().tensors - before).toBe(2);
    mean.dispose();
    variance.dispose();
    expect(() => monteCarlo(new nn.Sequential(new nn.Dropout(0.5), model, model), x)).toThrow("linear");
    expect(memory().tensors - before).toBe(0);
    expect(mean.requiresGrad).toBe(false);
  });

  test("are the same on a backend that the host cannot see into, and inside a shard", async () => {
    const ask = (options = {}) => {
      const model = network();
      return monteCarlo(model, input(), { samples: 5, outputs: "logits", keepSamples: true, generator: new Generator(2), ...options });
    };
    const here = ask();
    const together = ask({ sameMasks: true });
    const blind = blindBackend();
    setDefaultBackend({ ...blind, info: { ...blind.info, contract: 2 } } as Backend);
    const [there, alike] = [ask(), ask({ sameMasks: true })];
    for (const [x, y] of [
      [here.samples, there.samples],
      [together.samples, alike.samples],
    ] as [Tensor, Tensor][]) {
      const got = await y.data();
      for (const [i, value] of values(x).entries()) expect(got[i]).toBeCloseTo(value, 5);
    }
    expect(await there.mutualInformation.data()).toHaveLength(3);
    setDefaultBackend(blindBackend() as Backend);
    expect(() => ask({ sameMasks: true })).toThrow("expected a backend of contract 2, got 1 - leave sameMasks out");
    setDefaultBackend(cpu);
    expect(values(shard({ index: 1, count: 2, start: 3, total: 6 }, () => ask()).samples)).toEqual(values(here.samples));
  });

  test("take tokens, and give outputs of many rows for each", () => {
    manualSeed(2);
    const model = new nn.Sequential(new nn.Embedding(10, 8), new nn.Dropout(0.5), new nn.Linear(8, 2));
    const { mean } = monteCarlo(model, tensor(new Int32Array([1, 2, 3, 4, 5, 6]), { shape: [2, 3] }), { samples: 4 });
    expect(mean.shape).toEqual([2, 3, 2]);
    const flat = new nn.Sequential(model, new nn.Flatten({ startDim: 0, endDim: 1 }));
    expect(monteCarlo(flat, tensor(new Int32Array([1, 2, 3, 4, 5, 6]), { shape: [2, 3] }), { samples: 4 }).mean.shape).toEqual([6, 2]);
    const scalar = monteCarlo(new nn.Sequential(new nn.Dropout(0.5), new nn.Flatten({ startDim: 0 })), rand([3, 4]), { samples: 4 });
    expect(scalar.mean.shape).toEqual([12]);
  });
});
