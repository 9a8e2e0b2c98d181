/** The family beyond PyTorch's: what each drops, how much, and that all of it repeats, is cut into parts and has the gradient that its mask says. */
import { describe, expect, test } from "vitest";
import {
  checkpoint,
  functional as F,
  Generator,
  gradcheck,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  shards,
  type Tensor,
  tensor,
  zeros,
} from "../index";
import { torchCpu, torchCuda } from "../streams";
import { expectRefusal } from "../testing/refusal";

type Options = { p?: number; training?: boolean; generator?: Generator };
/** A function that lays one mask over one tensor. */
type Drop = (x: Tensor, options: Options) => Tensor;

/** Each with an input, the default rate, and the dimensions along which a decision is shared. */
const STRUCTURED: readonly [name: string, drop: Drop, shape: readonly number[], rate: number, shared: readonly number[]][] = [
  ["dropPath", F.dropPath, [6, 4, 3], 0.5, [1, 2]],
  ["dropPath, by batch", (x, options) => F.dropPath(x, { ...options, mode: "batch" }), [6, 4], 0.5, [0, 1]],
  ["lockedDropout", F.lockedDropout, [5, 3, 4], 0.5, [0]],
  ["lockedDropout, batch first", (x, options) => F.lockedDropout(x, { ...options, batchFirst: true }), [3, 5, 4], 0.5, [1]],
  ["lockedDropout of one sequence", F.lockedDropout, [5, 4], 0.5, [0]],
  ["tokenDropout", F.tokenDropout, [5, 3, 4], 0.3, [2]],
  ["tokenDropout of one sequence", F.tokenDropout, [5, 4], 0.3, [1]],
  ["headDropout", F.headDropout, [3, 4, 5, 2], 0.2, [2, 3]],
  ["headDropout of one sample", F.headDropout, [4, 5, 2], 0.2, [1, 2]],
];

const values = (x: Tensor): number[] => [...x.dataSync()];
const rowsOf = (x: Tensor): number[][] => Array.from({ length: x.shape[0] as number }, (_, i) => values(x.slice(0, i, i + 1).contiguous()));

describe.each(STRUCTURED)("%s", (_, drop, shape, rate, shared) => {
  test("is dropout with a noise shape: the same mask, call, values and gradient", () => {
    const x = randn([...shape], { generator: new Generator(5), requiresGrad: true });
    const y = randn([...shape], { generator: new Generator(5), requiresGrad: true });
    const noiseShape = shape.map((size, i) => (shared.includes(i) ? 1 : size));
    const [mine, right] = [new Generator(3), new Generator(3)];
    for (let call = 0; call < 3; call++) {
      const got = drop(x, { p: 0.4, generator: mine });
      const expected = F.dropout(y, { p: 0.4, generator: right, noiseShape });
      expect(values(got)).toEqual(values(expected));
      got.sum().backward();
      expected.sum().backward();
    }
    expect(values(x.grad as Tensor)).toEqual(values(y.grad as Tensor));
    expect(mine.getState()).toEqual(right.getState());
  });

  test("drops by its default rate, and scales what it keeps", () => {
    const [x, generator] = [ones([...shape]), new Generator(8)];
    const kept = Array.from({ length: 600 }, () => values(drop(x, { generator })).filter((value) => value !== 0));
    const scale = Math.fround(1 / Math.fround(1 - rate));
    for (const run of kept) for (const value of run) expect(value).toBe(scale);
    const share = kept.reduce((sum, run) => sum + run.length, 0) / (600 * x.size);
    const decisions = 600 * shape.reduce((product, size, i) => product * (shared.includes(i) ? 1 : size), 1);
    expect(Math.abs(share - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / decisions));
  });

  test("returns its input where nothing is dropped, and zeros where all is", () => {
    const [x, generator] = [ones([...shape]), new Generator(1)];
    expect(drop(x, { training: false, generator })).toBe(x);
    expect(drop(x, { p: 0, generator })).toBe(x);
    expect(values(drop(x, { p: 1, generator }))).toEqual(values(zeros([...shape])));
    expect(generator.getState()).toEqual(new Generator(1).getState());
  });

  test("gives the parts of a batch the parts of its mask", () => {
    const batch =
      shape.length === 2 && !shared.includes(1) ? -1 : _.includes("one") ? -1 : _ === "lockedDropout" || _ === "tokenDropout" ? 1 : 0;
    if (batch < 0) return;
    const x = randn([...shape], { generator: new Generator(2) });
    const whole = values(drop(x, { p: 0.5, generator: new Generator(4) }));
    const generator = new Generator(4);
    const parts = shards({ count: 2, total: shape[batch] as number }, ({ start, rows }) => {
      const part = drop(x.slice(batch, start, start + rows), { p: 0.5, generator });
      return { start, rows, values: part };
    });
    for (const { start, rows, values: part } of parts) {
      const expected = tensor(whole)
        .reshape([...shape])
        .slice(batch, start, start + rows);
      expect(values(part)).toEqual(values(expected.contiguous()));
    }
  });
});

describe.each([
  ["torchCpu", torchCpu],
  ["torchCuda", torchCuda()],
] as const)("under the stream %s", (_, stream) => {
  const seeded = () => new Generator(7, { stream });

  test.each(STRUCTURED)("%s is that framework's dropout with a noise shape", (_, drop, shape, __, shared) => {
    const x = randn([...shape], { generator: new Generator(5) });
    const noiseShape = shape.map((size, i) => (shared.includes(i) ? 1 : size));
    const [mine, right] = [seeded(), seeded()];
    for (let call = 0; call < 2; call++) {
      expect(values(drop(x, { p: 0.4, generator: mine }))).toEqual(values(F.dropout(x, { p: 0.4, generator: right, noiseShape })));
    }
    expect(mine.getState()).toEqual(right.getState());
  });

  test.each<[string, (generator: Generator) => Tensor]>([
    ["zoneout", (generator) => F.zoneout(zeros([64]), ones([64]), { generator })],
    ["dropBlock2d", (generator) => F.dropBlock2d(ones([2, 2, 8, 8]), { p: 0.3, blockSize: 2, generator })],
    ["dropConnect", (generator) => F.dropConnect(ones([2, 8]), ones([4, 8]), { generator })],
    [
      "layerDrop",
      (generator) =>
        F.layerDrop(
          zeros([1]),
          Array.from({ length: 12 }, (_, k) => (x: Tensor) => x.add(2 ** k)),
          { p: 0.5, generator },
        ),
    ],
    ["gaussianDropout", (generator) => F.gaussianDropout(ones([64]), { generator })],
  ])("%s repeats for its seed, and differs for the next call", (_, drop) => {
    const generator = seeded();
    const [first, second] = [values(drop(generator)), values(drop(generator))];
    expect(values(drop(seeded()))).toEqual(first);
    expect(second).not.toEqual(first);
  });
});

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

describe("dropBlock2d", () => {
  const image = (n: number, c: number, h: number, w: number) => ones([n, c, h, w]);
  const kept = (y: Tensor): number[][] =>
    rowsOf(
      y
        .gt(0)
        .type("int32")
        .reshape([-1, y.shape[3] as number]),
    );

  test("drops whole squares, and nothing else", () => {
    const rows = kept(F.dropBlock2d(image(1, 1, 12, 15), { p: 0.2, blockSize: 3, generator: new Generator(3) }));
    const dropped = rows.flatMap((row, i) => row.flatMap((value, j) => (value === 0 ? [[i, j] as const] : [])));
    expect(dropped.length).toBeGreaterThan(8);
    const isSquare = (i: number, j: number) => [0, 1, 2].every((a) => [0, 1, 2].every((b) => rows[i + a]?.[j + b] === 0));
    for (const [i, j] of dropped) {
      expect([0, 1, 2].some((a) => [0, 1, 2].some((b) => isSquare(i - a, j - b)))).toBe(true);
    }
  });

  test("drops about p of all pixels, at any size of a square", () => {
    for (const blockSize of [1, 2, 5]) {
      const y = F.dropBlock2d(image(40, 4, 20, 20), { p: 0.1, blockSize, generator: new Generator(blockSize) });
      const share = y.eq(0).type("float32").mean().itemSync();
      // Squares may cover each other, so that somewhat fewer are dropped.
      expect(share).toBeGreaterThan(0.085);
      expect(share).toBeLessThan(0.105);
    }
  });

  test("scales each sample by its pixels over those kept, so that none depends on the others", () => {
    const y = F.dropBlock2d(image(3, 2, 8, 8), { p: 0.3, blockSize: 3, generator: new Generator(1) });
    for (let i = 0; i < 3; i++) {
      const sample = y.slice(0, i, i + 1);
      const count = sample.gt(0).type("float32").sum().itemSync();
      expect(sample.amax().itemSync()).toBeCloseTo(128 / count, 5);
      expect(sample.sum().itemSync()).toBeCloseTo(128, 3);
    }
    const generator = new Generator(1);
    const parts = shards({ count: 3, total: 3 }, () => F.dropBlock2d(image(1, 2, 8, 8), { p: 0.3, blockSize: 3, generator }));
    expect(parts.flatMap(values)).toEqual(values(y));
  });

  test("has the gradient of its mask, whose graph holds no mask, and gradients of that", () => {
    const x = rand([2, 2, 5, 5], { dtype: "float64", requiresGrad: true, generator: new Generator(1) });
    expect(gradcheck((input) => F.dropBlock2d(input, { p: 0.3, blockSize: 2, generator: new Generator(6) }), [x])).toBe(true);
    const y = F.dropBlock2d(x, { p: 0.3, blockSize: 2, generator: new Generator(6) });
    const again = checkpoint((input: Tensor) => F.dropBlock2d(input, { p: 0.3, blockSize: 2, generator: new Generator(6) }), x);
    expect(values(again)).toEqual(values(y));
  });

  test("shrinks squares that are larger than the image, and gives zeros where all is dropped", () => {
    expect(values(F.dropBlock2d(image(1, 2, 2, 3), { p: 1 }))).toEqual(values(zeros([1, 2, 2, 3])));
    const y = F.dropBlock2d(image(64, 1, 2, 3), { p: 0.4, generator: new Generator(1) });
    for (const sample of values(y.sum({ dim: [1, 2, 3] }))) expect([0, 6]).toContain(Math.round(sample));
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
