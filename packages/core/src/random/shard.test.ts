import { describe, expect, test } from "vitest";
import { dropoutWithMask } from "../functional/dropout";
import type { DropoutOptions } from "../functional/dropout-options";
import { drawMask } from "../functional/dropout-select";
import { cat, functional as F, Generator, grad, nn, ones, rand, randn, type Shard, shard, shards, type Tensor } from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";
import { maskAt } from "../testing/stream";

const bits = (x: Tensor | null) => [...(x as Tensor).dataSync()].map((value) => Number(value !== 0));
const rowsOf = (x: Tensor, { start, rows }: Required<Shard>) => x.slice(0, start, start + rows);
const place = (index: number, count: number, total: number): Required<Shard> => {
  const starts = Array.from({ length: count + 1 }, (_, i) => i * Math.floor(total / count) + Math.min(i, total % count));
  const [start = 0, end = 0] = starts.slice(index);
  return { index, count, start, total, rows: end - start };
};
const without = ({ index, count, start, total }: Shard): Shard => ({ index, count, start, total });

const KINDS = [
  ["dropout", [13, 5]],
  ["dropout1d", [13, 3, 4]],
  ["dropout2d", [13, 3, 2, 2]],
  ["dropout3d", [13, 3, 2, 1, 2]],
  ["alphaDropout", [13, 5]],
  ["featureAlphaDropout", [13, 3, 2]],
] as const;

describe.each(KINDS)("%s in a shard", (op, shape) => {
  const options = (generator: Generator) => ({ p: 0.4, training: true, generator });
  const run = (x: Tensor) => F[op](x, options(new Generator(3)));

  test.each([1, 2, 8, 13, 16])("draws that part of the whole mask, 13 rows in %i parts, and takes one call", (count) => {
    const x = randn([...shape], { generator: new Generator(1) });
    const whole = run(x);
    const parts = Array.from({ length: count }, (_, index) => {
      const part = place(index, count, 13);
      const generator = new Generator(3);
      const y = shard(without(part), () => F[op](rowsOf(x, part), options(generator)));
      expect(generator.call).toBe(1n);
      return y;
    });
    expect(cat(parts).dataSync()).toEqual(whole.dataSync());
  });

  test("has the whole's gradient, and the gradient of that", () => {
    const x = randn([...shape], { generator: new Generator(1), requiresGrad: true });
    const second = (input: Tensor) => {
      const y = run(input);
      const [dx] = grad(y.mul(y).sum(), input, { createGraph: true });
      const [ddx] = grad((dx as Tensor).pow(2).sum(), input);
      return [(dx as Tensor).dataSync(), (ddx as Tensor).dataSync()];
    };
    const part = place(1, 3, 13);
    const own = rowsOf(x.detach(), part);
    own.requiresGrad = true;
    const size = own.size;
    const from = (part.start * size) / part.rows;
    const wanted = second(x).map((values) => values.slice(from, from + size));
    expect(shard(part, () => second(own))).toEqual(wanted);
  });

  test("in place is the same", () => {
    const x = randn([...shape], { generator: new Generator(1) });
    const part = place(2, 4, 13);
    const out = shard(part, () => run(rowsOf(x, part)));
    const own = cat([rowsOf(x, part)]);
    shard(part, () => F[op](own, { ...options(new Generator(3)), inplace: true }));
    expect(own.dataSync()).toEqual(out.dataSync());
  });
});

describe("a shard", () => {
  const masks = (total: number, width: number, call = 0n) => maskAt(5n, call, 0.5, total * width);
  const drop = (shape: readonly number[], options: object = {}) =>
    F.dropout(ones(shape), { p: 0.5, generator: new Generator(5), ...options });

  test("of one row is that row, whatever else has size 1", () => {
    for (let start = 0; start < 4; start++) {
      expect(bits(shard({ index: start, count: 4, start, total: 4 }, () => drop([1, 3])))).toEqual(
        masks(4, 3).slice(3 * start, 3 * start + 3),
      );
      expect(bits(shard({ index: start, count: 4, start, total: 4 }, () => drop([1, 1])))).toEqual(masks(4, 1).slice(start, start + 1));
    }
  });

  test("may have any number of rows: those it is told, or what is left, or what its first mask has", () => {
    const parts = [
      { index: 0, count: 3, start: 0, total: 8, rows: 5 },
      { index: 0, count: 3, start: 0, total: 8 }, // 3 in an even split, but 5 come
      { index: 1, count: 3, start: 3, total: 8 },
      { index: 1, count: 3, start: 1, total: 8 },
      { index: 2, count: 3, start: 3, total: 8 },
    ];
    for (const part of parts) {
      const mask = bits(shard(part, () => drop([5, 2])));
      expect(mask, JSON.stringify(part)).toEqual(masks(8, 2).slice(2 * part.start, 2 * part.start + 10));
    }
  });

  test("scales with a leading dimension that is a multiple of its rows, such as B * T", () => {
    const part = { index: 1, count: 4, start: 2, total: 8 };
    expect(bits(shard(part, () => drop([6, 4])))).toEqual(maskAt(5n, 0n, 0.5, 24 * 4).slice(6 * 4, 12 * 4));
    // Unequal parts, told or seen at an earlier mask.
    expect(bits(shard({ ...part, index: 0, start: 1, rows: 3 }, () => drop([6, 4])))).toEqual(
      maskAt(5n, 0n, 0.5, 16 * 4).slice(2 * 4, 8 * 4),
    );
    const generator = new Generator(5);
    const later = shard({ ...part, start: 1 }, () => {
      drop([3, 4], { generator });
      return drop([6, 4], { generator });
    });
    expect(bits(later)).toEqual(maskAt(5n, 1n, 0.5, 16 * 4).slice(2 * 4, 8 * 4));
  });

  test("shares along the batch what a noiseShape shares there, and nothing else", () => {
    const part = { index: 1, count: 2, start: 3, total: 6, rows: 3 };
    expect(bits(shard(part, () => drop([3, 4], { noiseShape: [1, 4] })))).toEqual(bits(drop([6, 4], { noiseShape: [1, 4] })).slice(0, 12));
    expect(bits(shard(part, () => drop([3, 4], { noiseShape: [4] })))).toEqual(bits(drop([6, 4], { noiseShape: [4] })).slice(0, 12));
    expect(bits(shard(part, () => drop([3, 4], { noiseShape: [null, 1] })))).toEqual(bits(drop([6, 4], { noiseShape: [6, 1] })).slice(12));
    const last = { index: 5, count: 6, start: 5, total: 6 };
    expect(bits(shard(last, () => drop([1, 4], { noiseShape: [-1, 1] })))).toEqual(bits(drop([6, 4], { noiseShape: [6, 1] })).slice(20));
    expect(bits(shard(last, () => drop([1, 4], { noiseShape: [1, 4] })))).toEqual(bits(drop([6, 4], { noiseShape: [1, 4] })).slice(0, 4));
  });

  test("adds its place to an elementOffset", () => {
    const part = { index: 1, count: 2, start: 2, total: 4 };
    expect(bits(shard(part, () => drop([2, 3], { elementOffset: 7 })))).toEqual(maskAt(5n, 0n, 0.5, 19).slice(13, 19));
    expectRefusal(
      () => shard(part, () => drop([2, 3], { elementOffset: 2 ** 53 - 6 })),
      "RangeError",
      "dropout: expected an elementOffset of at most 2^53 - 12",
    );
  });

  test("without rows takes the call that the whole takes, and none where the whole takes none", () => {
    const generator = new Generator(5);
    const empty = { index: 3, count: 4, start: 2, total: 2 };
    expect(shard(empty, () => drop([0, 3], { generator })).shape).toEqual([0, 3]);
    expect(generator.call).toBe(1n);
    shard(empty, () => drop([0, 0], { generator }));
    shard(empty, () => drop([0, 3], { generator, p: 0 }));
    shard(empty, () => drop([0, 3], { generator, training: false }));
    shard({ ...empty, total: 0, start: 0 }, () => drop([0, 3], { generator }));
    expect(generator.call).toBe(1n);
  });

  test("may be cut by another", () => {
    const outer = { index: 1, count: 2, start: 4, total: 8 };
    const inner = { index: 1, count: 4, start: 1, total: 4 };
    expect(bits(shard(outer, () => shard(inner, () => drop([1, 3]))))).toEqual(masks(8, 3).slice(15, 18));
    expectRefusal(
      () => shard(outer, () => shard({ ...inner, total: 5 }, () => drop([1, 3]))),
      "RangeError",
      "shard: expected a total of 4",
      "got 5",
    );
  });

  test("tells in lastMask() the mask of the part", () => {
    const layer = new nn.Dropout({ p: 0.5, generator: new Generator(5) });
    shard({ index: 1, count: 2, start: 2, total: 4 }, () => layer.forward(ones([2, 3])));
    const mask = layer.lastMask();
    expect(mask?.shape).toEqual([2, 3]);
    expect(bits(mask)).toEqual(masks(4, 3).slice(6));
  });

  test("leaves its own rules behind when it ends, also by an error", () => {
    expect(() =>
      shard({ index: 1, count: 2, start: 2, total: 4 }, () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(bits(drop([2, 3]))).toEqual(masks(2, 3));
  });

  test("leaves draws on the host alone", () => {
    const draw = () => [...rand([4], { generator: new Generator(5) }).dataSync()];
    expect(shard({ index: 1, count: 2, start: 2, total: 4 }, draw)).toEqual(draw());
  });

  test("refuses, by name, what has no rows that it could tell", () => {
    const part = { index: 1, count: 2, start: 2, total: 4 };
    const generator = new Generator(5);
    const refused: [string, () => Tensor][] = [
      ["dropout", () => drop([3, 3], { generator })],
      ["dropout", () => drop([], { generator })],
      ["dropout1d", () => F.dropout1d(ones([2, 3]), { generator })],
      ["dropout3d", () => F.dropout3d(ones([2, 3, 1, 1]), { generator })],
    ];
    for (const [op, fn] of refused) {
      expectRefusal(() => shard(part, fn), "ShapeError", `${op}: expected`, "got [");
    }
    expectRefusal(
      () => shard({ ...part, index: 0, start: 0 }, () => drop([5, 3], { generator })),
      "ShapeError",
      "say how many in shard({ rows })",
    );
    expect(generator.call).toBe(0n);
  });

  test.each([
    ["count of 0", { count: 0 }],
    ["index beyond the parts", { index: 2 }],
    ["negative start", { start: -1 }],
    ["start beyond the rows", { start: 5 }],
    ["more rows than are left", { rows: 3 }],
    ["fraction", { total: 4.5 }],
  ])("that is no part is refused: %s", (_, wrong) => {
    expectRefusal(() => shard({ index: 1, count: 2, start: 2, total: 4, ...wrong }, () => 1), "RangeError", "shard: expected", "got");
  });

  test("of wrong types, or with an async function, is refused", () => {
    const part = { index: 0, count: 1, start: 0, total: 1 };
    expectRefusal(() => shard(undefined as never, () => 1), "TypeError", "shard: expected options");
    expectRefusal(() => shard({ ...part, total: "4" as never }, () => 1), "TypeError", "shard: expected total to be a number");
    expectRefusal(() => shard({ ...part, row: 1 } as never, () => 1), "TypeError", "shard: expected the options", "did you mean rows?");
    expectRefusal(() => shard(part, 3 as never), "TypeError", "shard: expected a function");
    expectRefusal(() => shard(part, async () => 1), "TypeError", "returns at once");
  });
});

describe("a batch along dimension 1, as in a sequence-first layer", () => {
  const drop = (x: Tensor, options: DropoutOptions = {}) =>
    dropoutWithMask(x, { p: 0.5, generator: new Generator(5), ...options }, 1).output;

  test.each([1, 3, 8])("is cut along that, in %i parts, also where the part has one row or the sequence one step", (count) => {
    for (const shape of [
      [3, 8, 2],
      [1, 8, 2],
      [3, 8, 1],
      [4, 8],
    ]) {
      const x = randn(shape, { generator: new Generator(1) });
      const parts = Array.from({ length: count }, (_, index) => {
        const part = place(index, count, 8);
        return shard(part, () => drop(x.slice(1, part.start, part.start + part.rows)));
      });
      expect(cat(parts, { dim: 1 }).dataSync()).toEqual(drop(x).dataSync());
    }
  });

  test("has a last mask and gradients of the part", () => {
    const part = place(1, 3, 8);
    const x = randn([3, part.rows, 2], { generator: new Generator(1), requiresGrad: true });
    const { output, mask } = shard(part, () => dropoutWithMask(x, { p: 0.5, generator: new Generator(5) }, 1));
    output.sum().backward();
    const whole = bits(drop(ones([3, 8, 2]))).filter(
      (_, i) => Math.floor(i / 2) % 8 >= part.start && Math.floor(i / 2) % 8 < part.start + part.rows,
    );
    expect(bits(x.grad)).toEqual(whole);
    expect(bits(drawMask(mask as NonNullable<typeof mask>))).toEqual(whole);
  });

  test("is refused on a backend written for the first version of the contract, which may not know a mask with gaps", () => {
    const { contract: _, ...info } = hostBackend().info;
    const backend = hostBackend("old", { info });
    const part = { index: 1, count: 2, start: 2, total: 4 };
    const generator = new Generator(5);
    expectRefusal(
      () => shard(part, () => drop(ones([3, 2, 2], { backend }), { generator })),
      "UnsupportedOpError",
      "dropout: expected a backend of contract 2",
      "put the batch first",
    );
    expect(generator.call).toBe(0n);
    // Where there is no gap, there is nothing to know.
    expect(bits(shard(part, () => drop(ones([1, 2, 2], { backend }))))).toEqual(maskAt(5n, 0n, 0.5, 8).slice(4));
  });
});

describe("shards", () => {
  const model = () => {
    const generator = new Generator(2);
    return new nn.Sequential(
      new nn.Linear(4, 6, { generator }),
      new nn.Dropout({ p: 0.5, generator }),
      new nn.ReLU(),
      new nn.Linear(6, 1, { generator }),
      new nn.AlphaDropout({ p: 0.2, generator: new Generator(9) }),
    );
  };
  const x = randn([13, 4], { generator: new Generator(1) });

  test("gather the gradients of the whole batch, and leave the generators where it does", () => {
    const [whole, pieces] = [model(), model()];
    whole.forward(x).sum().backward();
    shards({ count: 5, total: 13 }, (part) => pieces.forward(rowsOf(x, part)).sum().backward());
    const own = [...pieces.parameters()];
    [...whole.parameters()].forEach((parameter, i) => {
      const [wanted, got] = [parameter.grad?.dataSync() ?? [], own[i]?.grad?.dataSync() ?? []];
      for (const [k, value] of wanted.entries()) expect(got[k]).toBeCloseTo(value, 5);
    });
    expect(own[0]?.grad).not.toBeNull();
  });

  test("run those parts that are asked for, in that order, and give what the function gave", () => {
    const generator = new Generator(5);
    const result = shards({ count: 3, total: 7, indices: [2, 0] }, (part) => {
      F.dropout(ones([part.rows, 2]), { generator });
      return part;
    });
    expect(result).toEqual([place(2, 3, 7), place(0, 3, 7)]);
    expect(generator.call).toBe(1n);
    expect(shards({ count: 3, total: 7, indices: [] }, () => 1)).toEqual([]);
  });

  test("may each make generators of their own", () => {
    const parts = shards({ count: 3, total: 7 }, ({ rows }) => F.dropout(ones([rows, 2]), { generator: new Generator(5) }));
    expect(bits(cat(parts))).toEqual(maskAt(5n, 0n, 0.5, 14));
  });

  test("that do not draw alike are refused, and the generators are as before", () => {
    const generator = new Generator(5);
    const uneven = () =>
      shards({ count: 2, total: 4 }, ({ index }) => {
        for (let i = 0; i <= index; i++) F.dropout(ones([2, 2]), { generator });
      });
    expectRefusal(uneven, "RangeError", "shards: expected parts that draw alike, got 1");
    expect(generator.call).toBe(0n);
    expect(() =>
      shards({ count: 2, total: 4 }, () => {
        F.dropout(ones([2, 2]), { generator });
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(generator.call).toBe(0n);
  });

  test("refuse what is no way to cut", () => {
    expectRefusal(() => shards({ count: 0, total: 4 }, () => 1), "RangeError", "shards: expected count");
    expectRefusal(() => shards({ count: 2, total: 4, indices: [2] }, () => 1), "RangeError", "shards: expected indices below 2");
    expectRefusal(() => shards({ count: 2, total: 4, indices: 1 as never }, () => 1), "TypeError", "shards: expected indices as an array");
    expectRefusal(() => shards(undefined as never, () => 1), "TypeError", "shards: expected options");
    expectRefusal(() => shards({ count: 2, total: 4 }, async () => 1), "TypeError", "returns at once");
  });
});
