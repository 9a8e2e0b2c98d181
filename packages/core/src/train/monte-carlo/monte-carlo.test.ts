import { describe, expect, test } from "vitest";
import { defaultGenerator, functional as F, Generator, manualSeed, nn, noGrad, ones, rand, type Tensor, tensor } from "../../index";
import { torchCpu } from "../../streams/index";
import { expectRefusal } from "../../testing/refusal";
import { monteCarlo } from "./monte-carlo";
import { input, network } from "./testing/network";

/** A program's own module, with the function and not the layer. */
class Own extends nn.Module {
  hidden = new nn.Linear(4, 32);
  out = new nn.Linear(32, 2);

  forward(x: Tensor): Tensor {
    return this.out.forward(F.dropout(F.relu(this.hidden.forward(x)), { p: 0.5, training: this.training }));
  }
}

const same = (x: Tensor, y: Tensor) => expect([...x.dataSync()]).toEqual([...y.dataSync()]);
const spread = (x: Tensor) => Math.max(...x.dataSync());

describe("monteCarlo", () => {
  test("has the mean and variance that a linear layer after dropout has", () => {
    manualSeed(2);
    const layer = new nn.Linear(6, 2);
    const p = 0.25;
    const model = new nn.Sequential(new nn.Dropout(p), layer);
    const x = rand([2, 6]);
    const samples = 20_000;
    const { mean, variance } = monteCarlo(model, x, { samples, maxRows: 8192 });
    const expected = noGrad(() => layer.forward(x)).dataSync();
    // Each input has the variance x^2 p / (1 - p), and they are independent.
    const squares = noGrad(() => F.linear(x.pow(2), layer.weight.pow(2)).mul(p / (1 - p))).dataSync();
    for (const [i, v] of [...squares].entries()) {
      expect(Math.abs((mean.dataSync()[i] as number) - (expected[i] as number))).toBeLessThan(5 * Math.sqrt(v / samples));
      expect(Math.abs((variance.dataSync()[i] as number) / v - 1)).toBeLessThan(5 * Math.sqrt(2 / samples));
    }
  });

  test("of classes, has the entropy of the mean and what is left of it without the samples' own", () => {
    const model = network();
    const options = { samples: 7, outputs: "logits", keepSamples: true } as const;
    const { samples, mean, variance, predictiveEntropy, mutualInformation } = monteCarlo(model, input(), options);
    const all = samples as Tensor;
    expect(all.shape).toEqual([7, 3, 3]);
    const p = (s: number, n: number) => Array.from({ length: 3 }, (_, c) => all.dataSync()[(s * 3 + n) * 3 + c] as number);
    const entropy = (of: readonly number[]) => -of.reduce((sum, q) => sum + q * Math.log(q), 0);
    for (let n = 0; n < 3; n++) {
      const each = Array.from({ length: 7 }, (_, s) => p(s, n));
      const means = [0, 1, 2].map((c) => each.reduce((sum, q) => sum + (q[c] as number), 0) / 7);
      for (const [c, m] of means.entries()) {
        expect(mean.dataSync()[n * 3 + c]).toBeCloseTo(m, 5);
        expect(variance.dataSync()[n * 3 + c]).toBeCloseTo(each.reduce((sum, q) => sum + ((q[c] as number) - m) ** 2, 0) / 7, 6);
      }
      expect(predictiveEntropy.dataSync()[n]).toBeCloseTo(entropy(means), 5);
      const own = each.reduce((sum, q) => sum + entropy(q), 0) / 7;
      expect(mutualInformation.dataSync()[n]).toBeCloseTo(entropy(means) - own, 5);
      expect(mutualInformation.dataSync()[n]).toBeGreaterThan(0);
    }
    const softened = new nn.Sequential(model, new nn.Softmax({ dim: 1 }));
    manualSeed(9);
    const again = monteCarlo(softened, input(), { ...options, outputs: "probabilities" });
    manualSeed(9);
    same(again.predictiveEntropy, monteCarlo(model, input(), options).predictiveEntropy);
  });

  test("a sure class has no entropy, and probabilities of 0 make no NaN", () => {
    const sure = new nn.Sequential(new nn.Dropout(0.5), new nn.Softmax({ dim: 1 }));
    const { predictiveEntropy, mutualInformation } = monteCarlo(sure, tensor([[0, -1e9]]), {
      samples: 4,
      outputs: "probabilities",
      generator: new Generator(3),
    });
    expect(predictiveEntropy.dataSync()[0]).toBeGreaterThanOrEqual(0);
    expect(mutualInformation.dataSync()[0]).toBeGreaterThanOrEqual(0);
    const certain = monteCarlo(new nn.Sequential(), tensor([[1, 0]]), { outputs: "probabilities" });
    expect([...certain.predictiveEntropy.dataSync(), ...certain.mutualInformation.dataSync()].map(Math.abs)).toEqual([0, 0]);
  });

  test("leaves batch norm's running values as they are, and uses them", () => {
    manualSeed(3);
    const norm = new nn.BatchNorm1d(4);
    norm.forward(rand([8, 4]));
    const kept = [...(norm.stateDict().running_mean?.dataSync() ?? [])];
    const model = new nn.Sequential(
      norm,
      new nn.Dropout(0.5),
      new nn.BatchNorm1d(4),
      new nn.InstanceNorm1d(4, { trackRunningStats: true }),
    );
    const late = model.at(2) as nn.BatchNorm1d;
    const { mean } = monteCarlo(new nn.Sequential(norm, late), input());
    same(
      mean,
      noGrad(() => new nn.Sequential(norm, late).eval().forward(input())),
    );
    norm.train();
    const x = rand([3, 4, 5]);
    const deep = new nn.Sequential(norm, new nn.Dropout(0.5), late, model.at(3) as nn.InstanceNorm1d);
    monteCarlo(deep, x);
    expect([...(norm.stateDict().running_mean?.dataSync() ?? [])]).toEqual(kept);
    expect(norm.stateDict().num_batches_tracked?.itemSync()).toBe(1);
    expect([...(late.stateDict().running_mean?.dataSync() ?? [])]).toEqual([0, 0, 0, 0]);
    expect([...((model.at(3) as nn.InstanceNorm1d).stateDict().running_mean?.dataSync() ?? [])]).toEqual([0, 0, 0, 0]);

    // A program's own normalisation, by the function: its statistics are the batch's, which is its own matter, but they do not move.
    class OwnNorm extends nn.Module {
      mean = new nn.Buffer(tensor([0, 0, 0, 0]));
      variance = new nn.Buffer(tensor([1, 1, 1, 1]));
      forward(x: Tensor) {
        return F.dropout(F.batchNorm(x, { runningMean: this.mean, runningVar: this.variance, training: this.training }), {
          training: this.training,
        });
      }
    }
    const own = new OwnNorm();
    monteCarlo(own, input());
    expect([...own.mean.dataSync()]).toEqual([0, 0, 0, 0]);
  });

  test("gives every module its flag back, also after an error, and lets no generator move then", () => {
    class Fails extends nn.Module {
      seen: boolean[] = [];
      forward(x: Tensor): Tensor {
        this.seen.push(this.training);
        throw new Error(`no ${x.shape}`);
      }
    }
    const fails = new Fails();
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Dropout(0.5), fails, new nn.Dropout(0.5)).eval();
    (model.at(3) as nn.Dropout).training = true;
    manualSeed(4);
    const flags = () => [...model.modules()].map(({ training }) => training);
    const before = flags();
    expect(() => monteCarlo(model, input())).toThrow("no 150,4");
    expect(flags()).toEqual(before);
    expect(fails.seen).toEqual([true]);
    expect(defaultGenerator().call).toBe(0n);
    const fine = network().eval();
    monteCarlo(fine, input());
    expect([...fine.modules()].some(({ training }) => training)).toBe(false);
  });

  test("drops in modules that call F.dropout with their own flag, and in attention and recurrent layers", () => {
    manualSeed(5);
    const mixer = new nn.MultiheadAttention(4, 2, { dropout: 0.3, batchFirst: true });
    class Attends extends nn.Module {
      attention = mixer;
      forward(x: Tensor) {
        return this.attention.forward(x, x, x, { needWeights: false })[0];
      }
    }
    class Reads extends nn.Module {
      lstm = new nn.LSTM(4, 5, { numLayers: 2, dropout: 0.4, batchFirst: true });
      forward(x: Tensor) {
        return this.lstm.forward(x)[0];
      }
    }
    const encoder = (batchFirst: boolean) =>
      new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8, dropout: 0.2, batchFirst }), 2);
    const sequence = rand([3, 5, 4]);
    for (const model of [new Own(), new Attends(), new Reads(), encoder(true), encoder(false)]) {
      const x = model instanceof Own ? input() : sequence;
      const alone = monteCarlo(model, x, { samples: 6, keepSamples: true });
      expect(spread(alone.variance), String(model)).toBeGreaterThan(0);
      manualSeed(6);
      const { samples, mean } = monteCarlo(model, x, { samples: 6, keepSamples: true });
      expect(mean.shape).toEqual((noGrad(() => model.eval().forward(x)) as Tensor).shape);
      for (const maxRows of [1, 7]) {
        manualSeed(6);
        same(monteCarlo(model, x, { samples: 6, keepSamples: true, maxRows }).samples as Tensor, samples as Tensor);
      }
      // No two samples are alike.
      const rows = (samples as Tensor).reshape([6, -1]).dataSync();
      expect(
        new Set(Array.from({ length: 6 }, (_, s) => [...rows.slice((s * rows.length) / 6, ((s + 1) * rows.length) / 6)].join())).size,
        String(model),
      ).toBe(6);
    }
  });

  test("drops in the layers alone that are named or chosen", () => {
    const drops = [new nn.Dropout(0.5), new nn.Dropout(0.5)] as const;
    const model = new nn.Sequential({ first: drops[0], own: new Own(), second: drops[1] }).eval();
    monteCarlo(model, input(), { only: ["second"], samples: 2 });
    expect(drops.map((drop) => drop.lastMask() === null)).toEqual([true, false]);
    expect(drops[1].lastMask()?.shape).toEqual([6, 2]);
    const { variance } = monteCarlo(model, input(), { only: () => false });
    expect(spread(variance)).toBe(0);
    monteCarlo(model, input(), { only: ({ name }) => name === "first", samples: 2 });
    expect(drops.map((drop) => drop.lastMask() === null)).toEqual([false, true]);
    expectRefusal(
      () => monteCarlo(model, input(), { only: ["secnd"] }),
      "RangeError",
      "monteCarlo: expected names of layers that drop in only",
      "did you mean second?",
    );
    expectRefusal(() => monteCarlo(model, input(), { only: ["own"] }), "RangeError", "see dropoutLayers(model)");
    expectRefusal(
      () => monteCarlo(model, input(), { only: "second" as never }),
      "TypeError",
      "only to be an array of names, or a function of a layer",
    );
    expectRefusal(() => monteCarlo(model, input(), { only: [1 as never] }), "TypeError", "each name in only to be a string");
    expectRefusal(() => monteCarlo(model, input(), { only: (() => 1) as never }), "TypeError", "what only returns to be true or false");
  });

  test("with sameMasks, equal rows give equal outputs in each sample, and samples differ; without, rows differ", () => {
    const model = network();
    const row = rand([1, 4]);
    const x = row.expand([3, 4]).contiguous();
    const rows = (sameMasks: boolean) => {
      const { samples } = monteCarlo(model, x, { samples: 5, sameMasks, keepSamples: true, generator: new Generator(8) });
      return (samples as Tensor).reshape([15, 3]);
    };
    const distinct = (y: Tensor) => new Set(Array.from({ length: 15 }, (_, i) => [...y.dataSync().slice(i * 3, i * 3 + 3)].join())).size;
    expect(distinct(rows(true))).toBe(5);
    expect(distinct(rows(false))).toBe(15);
    // Rows do not count: one of them gives what it gives beside others.
    const one = monteCarlo(model, x, { samples: 1, sameMasks: true, generator: new Generator(8) });
    same(one.mean.slice(0, 0, 1), monteCarlo(model, row, { samples: 1, sameMasks: true, generator: new Generator(8) }).mean);
    const mixing = new nn.Sequential(new nn.Flatten({ startDim: 0, endDim: 1 }), new nn.Dropout(0.5));
    expectRefusal(
      () => monteCarlo(mixing, rand([2, 3, 4]), { sameMasks: true }),
      "ShapeError",
      "monteCarlo: expected a mask of 2 rows in dimension 0 for sameMasks, got [6, 4]",
    );
    const foreign = { sameMasks: true, generator: new Generator(1, { stream: torchCpu }) };
    expectRefusal(() => monteCarlo(model, x, foreign), "UnsupportedOpError", "expected Dropwise's own stream");
  });

  test("draws from the generator that it is given, which goes on; layers keep their own", () => {
    const model = network();
    manualSeed(0);
    const generator = new Generator(7);
    const ask = () => monteCarlo(model, input(), { samples: 4, generator }).mean;
    const first = ask();
    expect(generator.call).toBe(2n);
    expect(defaultGenerator().call).toBe(0n);
    const second = ask();
    expect([...second.dataSync()]).not.toEqual([...first.dataSync()]);
    generator.manualSeed(7);
    same(ask(), first);
    // The default generator is itself again, and draws the same where it has that state.
    manualSeed(7);
    same(monteCarlo(model, input(), { samples: 4 }).mean, first);
    expect(defaultGenerator().call).toBe(2n);

    const own = new Generator(1);
    const mixed = new nn.Sequential(new nn.Dropout({ p: 0.5, generator: own }), new nn.Dropout(0.5));
    monteCarlo(mixed, input(), { samples: 4, maxRows: 3, generator });
    expect([own.call, generator.call]).toEqual([1n, 3n]);
    // Also where the two are one.
    const shared = new nn.Sequential(new nn.Dropout(0.5), new nn.Dropout({ p: 0.5, generator: own }));
    const both = (maxRows: number) =>
      monteCarlo(shared, input(), { samples: 4, keepSamples: true, maxRows, generator: own.manualSeed(3) }).samples as Tensor;
    same(both(3), both(100));
    expect(own.call).toBe(2n);
  });

  test("refuses what it cannot take, draws nothing then, and changes no flag", () => {
    const model = network().eval();
    manualSeed(0);
    const refuse = (fn: () => unknown, name: string, ...parts: string[]) => expectRefusal(fn, name, ...parts);
    refuse(() => monteCarlo({} as never, input()), "TypeError", "monteCarlo: expected a model that is a Module");
    refuse(() => monteCarlo(model, [1] as never), "TypeError", "monteCarlo: expected a Tensor");
    for (const samples of [0, 1.5, Number.NaN])
      refuse(() => monteCarlo(model, input(), { samples }), "RangeError", "samples to be a positive integer");
    refuse(() => monteCarlo(model, input(), { samples: 2 ** 20 + 1 }), "RangeError", "samples of at most 1048576");
    refuse(() => monteCarlo(model, input(), { maxRows: 0 }), "RangeError", "maxRows to be a positive integer");
    refuse(() => monteCarlo(model, input(), { outputs: "logit" as never }), "TypeError", 'outputs "values", "logits" or "probabilities"');
    refuse(() => monteCarlo(model, input(), { generator: 3 as never }), "TypeError", "generator to be a Generator");
    refuse(() => monteCarlo(model, input(), { sample: 3 } as never), "TypeError", "did you mean samples?");
    refuse(() => monteCarlo(model, ones([0, 4])), "ShapeError", "at least one row, got [0, 4]");
    refuse(() => monteCarlo(model, tensor(1)), "ShapeError", "at least one row, got []");
    class Flat extends nn.Module {
      drop = new nn.Dropout(0.5);
      forward(x: Tensor) {
        return this.drop.forward(x).sum({ dim: 1 });
      }
    }
    refuse(
      () => monteCarlo(new Flat(), input(), { outputs: "logits" }),
      "ShapeError",
      'expected outputs (N, C, ...) for outputs: "logits", got [3]',
    );
    class Twice extends nn.Module {
      forward(x: Tensor) {
        return [x, x];
      }
    }
    refuse(() => monteCarlo(new Twice(), input()), "TypeError", "monteCarlo: expected the model's output to be a Tensor");
    class Later extends nn.Module {
      async forward(x: Tensor) {
        return x;
      }
    }
    refuse(() => monteCarlo(new Later(), input()), "TypeError", "monteCarlo: expected a function that returns at once");
    refuse(() => monteCarlo(new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(3, 1)), input()), "ShapeError", "linear");
    expect(defaultGenerator().call).toBe(0n);
    expect([...model.modules()].some(({ training }) => training)).toBe(false);
  });
});
