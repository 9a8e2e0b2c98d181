/** Dropout of larger pieces: that each is dropout with a noise shape, drops by its rate, is cut into parts; and that all of the family repeats under other streams. */
import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, randn, shards, type Tensor, tensor, zeros } from "../index";
import { torchCpu, torchCuda } from "../streams";

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
