/** The family beyond PyTorch's: what is refused, and what each does that is no dropout of pieces: two states, weights, noise, several passes, whole layers. */
import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, nn, noGrad, ones, rand, randn, shards, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";

const values = (x: Tensor): number[] => [...x.dataSync()];
const rowsOf = (x: Tensor): number[][] => Array.from({ length: x.shape[0] as number }, (_, i) => values(x.slice(0, i, i + 1).contiguous()));

describe("what is refused, before anything is drawn", () => {
  const generator = new Generator(1);
  test.each<[string, () => unknown, string, string]>([
    ["a scalar path", () => F.dropPath(ones([])), "ShapeError", "dropPath: expected (N, ...), got []"],
    [
      "another mode",
      () => F.dropPath(ones([2]), { mode: "column" as never }),
      "RangeError",
      'dropPath: expected mode "row" or "batch", got "column"',
    ],
    [
      "a sequence of rank 4",
      () => F.lockedDropout(ones([1, 1, 1, 1])),
      "ShapeError",
      "lockedDropout: expected (L, N, C), (N, L, C) or (L, C)",
    ],
    ["heads of rank 2", () => F.headDropout(ones([2, 2])), "ShapeError", "headDropout: expected (N, H, L, D) or (H, L, D), got [2, 2]"],
    [
      "a rate above 1",
      () => F.tokenDropout(ones([2, 2]), 1.5),
      "RangeError",
      "tokenDropout: expected a drop probability p in [0, 1], got 1.5",
    ],
    [
      "a further argument",
      () => (F.dropPath as (...args: unknown[]) => void)(ones([2]), 0.5, false),
      "TypeError",
      "dropPath: expected options",
    ],
    ["integers", () => F.dropBlock2d(zeros([1, 1, 4, 4], { dtype: "int32" })), "TypeError", "dropBlock2d: expected"],
    ["a block of 0", () => F.dropBlock2d(ones([1, 1, 4, 4]), { blockSize: 0 }), "RangeError", "dropBlock2d: expected blockSize"],
    ["an image of rank 3", () => F.dropBlock2d(ones([1, 4, 4])), "ShapeError", "dropBlock2d: expected (N, C, H, W), got [1, 4, 4]"],
    ["states of two shapes", () => F.zoneout(ones([2]), ones([3])), "ShapeError", "zoneout: expected states of one shape, got [2] and [3]"],
    ["noise at rate 1", () => F.gaussianDropout(ones([2]), 1), "RangeError", "gaussianDropout: expected a rate p below 1"],
    [
      "a logit of two",
      () => F.concreteDropout(ones([2]), ones([2])),
      "ShapeError",
      "concreteDropout: expected a logit of one element, got shape [2]",
    ],
    [
      "a cold mask",
      () => F.concreteDropout(ones([2]), ones([]), { temperature: 0 }),
      "RangeError",
      "concreteDropout: expected a temperature above 0",
    ],
    ["no samples", () => F.multiSampleDropout(ones([2]), (x) => x, { samples: 0 }), "RangeError", "multiSampleDropout: expected samples"],
    [
      "a head that gives none",
      () => F.multiSampleDropout(ones([2]), () => 3 as never, { generator }),
      "TypeError",
      "multiSampleDropout: expected what head returns",
    ],
    ["a layer that is none", () => F.layerDrop(ones([2]), [3 as never]), "TypeError", "layerDrop: expected a function, got 3"],
    [
      "a layer that fails",
      () => F.layerDrop(ones([2]), [() => 3 as never, () => 3 as never], { p: 0.01, generator }),
      "TypeError",
      "layerDrop: expected what a layer returns",
    ],
    ["a weight that does not fit", () => F.dropConnect(ones([2, 3]), ones([4, 2]), { generator }), "ShapeError", "dropConnect: expected x"],
    [
      "an index outside",
      () => F.embeddingDropout(tensor(new Int32Array([9])), ones([3, 2]), { generator }),
      "RangeError",
      "embedding: expected",
    ],
    [
      "an alpha below 0",
      () => F.rDropLoss(ones([1, 2]), ones([1, 2]), zeros([1], { dtype: "int32" }), { alpha: -1 }),
      "RangeError",
      "rDropLoss: expected a finite alpha of 0 or more",
    ],
  ])("%s", (_, fn, name, message) => {
    expectRefusal(fn, name, message);
    expect(generator.getState()).toEqual(new Generator(1).getState());
  });
});

describe("zoneout", () => {
  test("takes the new value by its mask, the old elsewhere, exactly, and has the gradient of that", () => {
    const [previous, next] = [randn([40], { requiresGrad: true }), randn([40], { requiresGrad: true })];
    const layer = new nn.Zoneout({ p: 0.3, generator: new Generator(2) });
    const y = layer.forward(previous, next);
    const mask = values(layer.lastMask() as Tensor);
    expect(values(y)).toEqual(mask.map((kept, i) => (kept ? next : previous).dataSync()[i]));
    y.sum().backward();
    expect(values(next.grad as Tensor)).toEqual(mask);
    expect(values(previous.grad as Tensor)).toEqual(mask.map((kept) => 1 - kept));
    expect(mask.filter(Boolean).length).toBeGreaterThan(15);
  });

  test("mixes both in eval mode, by their shares, and has gradients of gradients", () => {
    expect(values(new nn.Zoneout(0.25).eval().forward(zeros([2]), ones([2])))).toEqual([0.75, 0.75]);
    const [a, b] = [0, 1].map(() => rand([6], { dtype: "float64", requiresGrad: true })) as [Tensor, Tensor];
    expect(gradcheck((previous, next) => F.zoneout(previous, next, { p: 0.5, generator: new Generator(1) }), [a, b])).toBe(true);
  });

  test("keeps infinities where they are", () => {
    const y = F.zoneout(ones([64]).mul(Number.POSITIVE_INFINITY), ones([64]), { generator: new Generator(1) });
    expect(new Set(values(y))).toEqual(new Set([1, Number.POSITIVE_INFINITY]));
  });
});

describe("dropouts of weights", () => {
  test("dropConnect is linear by a dropped weight, in every part of a batch the same", () => {
    const [x, weight, bias] = [randn([6, 4]), randn([3, 4]), randn([3])];
    const y = F.dropConnect(x, weight, { bias, p: 0.4, generator: new Generator(3) });
    const dropped = F.dropout(weight, { p: 0.4, generator: new Generator(3) });
    expect(values(y)).toEqual(values(F.linear(x, dropped, bias)));
    const generator = new Generator(3);
    const parts = shards({ count: 2, total: 6 }, ({ start, rows }) =>
      F.dropConnect(x.slice(0, start, start + rows), weight, { bias, p: 0.4, generator }),
    );
    expect(parts.flatMap(values)).toEqual(values(y));
  });

  test("embeddingDropout drops a word at all of its places", () => {
    const words = tensor(
      new Int32Array(
        [
          [0, 1, 2, 3, 4, 0],
          [1, 2, 3, 4, 0, 1],
        ].flat(),
      ),
    ).reshape([2, 6]);
    const layer = new nn.EmbeddingDropout(new nn.Embedding(5, 3), { p: 0.5, generator: new Generator(2) });
    const y = layer.forward(words);
    const kept = values(layer.lastMask() as Tensor);
    expect(kept).toHaveLength(5);
    const table = layer.embedding.weight.dataSync();
    const expected = values(words).flatMap((word) => [0, 1, 2].map((k) => (kept[word] ? (table[word * 3 + k] as number) * 2 : 0)));
    expect(values(y)).toEqual(expected.map((value) => value + 0));
    expect(values(layer.eval().forward(words))).toEqual(values(layer.embedding.forward(words)));
  });
});

describe("noise in place of dropping", () => {
  test("gaussianDropout has mean 1 and the variance of dropout, and is what lastNoise draws again", () => {
    const layer = new nn.GaussianDropout({ p: 0.3, generator: new Generator(4) });
    const y = layer.forward(ones([20000]));
    expect(y.mean().itemSync()).toBeCloseTo(1, 1);
    expect(y.var().itemSync()).toBeCloseTo(0.3 / 0.7, 1);
    expect(values(layer.lastNoise() as Tensor)).toEqual(values(y));
    expect(layer.eval().forward(y)).toBe(y);
    expect(layer.lastNoise()).toBeNull();
  });

  test("concreteDropout is the paper's formula of uniform numbers, and its rate has a gradient", () => {
    const logit = tensor(-1, { dtype: "float64", requiresGrad: true });
    const x = rand([50], { dtype: "float64", requiresGrad: true, generator: new Generator(9) });
    const y = F.concreteDropout(x, logit, { temperature: 0.3, generator: new Generator(1) });
    const u = rand([50], { dtype: "float64", generator: new Generator(1) }).dataSync();
    const p = 1 / (1 + Math.exp(1));
    const expected = [...x.dataSync()].map((value, i) => {
      const ui = u[i] as number;
      const eps = 1e-7;
      const t = (Math.log(p / (1 - p)) + Math.log(ui + eps) - Math.log(1 - ui + eps)) / 0.3;
      return (value * (1 - 1 / (1 + Math.exp(-t)))) / (1 - p);
    });
    values(y).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 10);
    });
    expect(gradcheck((a, b) => F.concreteDropout(a, b, { temperature: 0.3, generator: new Generator(1) }), [x, logit])).toBe(true);
  });

  test("a ConcreteDropout's regularizer is the paper's, and drives the rate up where the data does not speak", () => {
    const layer = new nn.ConcreteDropout({ p: 0.2 });
    const w = tensor([1, -2, 3]);
    const h = -(0.2 * Math.log(0.2) + 0.8 * Math.log(0.8));
    expect(layer.regularizer(w, 4, { weight: 0.5, dropout: 0.25 }).itemSync()).toBeCloseTo((0.5 * 14) / 0.8 - 0.25 * 4 * h, 4);
    layer.regularizer(w.mul(0), 4).backward();
    expect((layer.logit.grad as Tensor).itemSync()).toBeLessThan(0);
    expect(layer.rate().itemSync()).toBeCloseTo(0.2, 6);
  });
});

describe("several passes", () => {
  test("multiSampleDropout is the mean over masks, each of its own call", () => {
    const x = randn([5]);
    const head = (input: Tensor) => input.mul(input);
    const y = F.multiSampleDropout(x, head, { p: 0.5, samples: 3, generator: new Generator(2) });
    const generator = new Generator(2);
    const sum = [0, 1, 2].map(() => head(F.dropout(x, { p: 0.5, generator }))).reduce((a, b) => a.add(b));
    expect(values(y)).toEqual(values(sum.div(3)));
    let calls = 0;
    const counting = (input: Tensor) => {
      calls++;
      return input;
    };
    expect(F.multiSampleDropout(x, counting, { training: false })).toBe(x);
    expect(calls).toBe(1);
  });

  test("rDropLoss is both cross entropies and half of both divergences", () => {
    const [a, b] = [randn([4, 3], { generator: new Generator(1) }), randn([4, 3], { generator: new Generator(2) })];
    const target = tensor(new Int32Array([0, 2, 1, 1]));
    const softmaxOf = (row: readonly number[]) => {
      const sum = row.reduce((total, value) => total + Math.exp(value), 0);
      return row.map((value) => Math.exp(value) / sum);
    };
    const [p, q] = [a, b].map((x) => rowsOf(x).map(softmaxOf)) as [number[][], number[][]];
    const kl = (from: number[][], to: number[][]) =>
      from.reduce((sum, row, i) => sum + row.reduce((total, value, k) => total + value * Math.log(value / (to[i]?.[k] as number)), 0), 0) /
      4;
    const nll = (rows: number[][]) => rows.reduce((sum, row, i) => sum - Math.log(row[[0, 2, 1, 1][i] as number] as number), 0) / 4;
    const expected = nll(p) + nll(q) + (2 * (kl(p, q) + kl(q, p))) / 2;
    expect(F.rDropLoss(a, b, target, { alpha: 2 }).itemSync()).toBeCloseTo(expected, 5);
    expect(new nn.RDropLoss({ alpha: 2 }).forward(a, b, target).itemSync()).toBeCloseTo(expected, 5);
    expect(F.rDropLoss(a, a, target, { alpha: 9 }).itemSync()).toBeCloseTo(2 * nll(p), 5);
  });
});

describe("layerDrop", () => {
  test("computes nothing of a layer that is left out, and scales nothing", () => {
    const ran = [0, 0, 0, 0];
    const layers = ran.map((_, i) => (x: Tensor) => {
      (ran[i] as number)++;
      return x.add(10 ** i);
    });
    const generator = new Generator(5);
    for (let call = 0; call < 200; call++) {
      const before = [...ran];
      const y = noGrad(() => F.layerDrop(zeros([1]), layers, { p: 0.25, generator })).itemSync();
      expect(y).toBe(ran.reduce((sum, count, i) => sum + (count - (before[i] as number)) * 10 ** i, 0));
    }
    for (const count of ran) expect(Math.abs(count - 150)).toBeLessThan(4 * Math.sqrt(200 * 0.25 * 0.75));
  });

  test("a LayerDrop is a Sequential in eval mode, by its values and its names, and tells which layers ran", () => {
    const layers = [0, 1, 2].map(() => new nn.Linear(4, 4));
    const [stack, plain] = [new nn.LayerDrop(layers, { p: 0.5, generator: new Generator(1) }), new nn.Sequential(...layers)];
    const x = randn([2, 4]);
    expect(Object.keys(stack.stateDict())).toEqual(Object.keys(plain.stateDict()));
    expect(values(stack.eval().forward(x))).toEqual(values(plain.forward(x)));
    expect(stack.lastMask()).toBeNull();
    const y = stack.train().forward(x);
    const ran = values(stack.lastMask() as Tensor);
    const expected = layers.filter((_, i) => ran[i]).reduce((input, layer) => layer.forward(input), x);
    expect(values(y)).toEqual(values(expected));
  });
});
