import { describe, expect, test } from "vitest";
import { ones, type Tensor, tensor, zeros } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const NAN = Number.NaN;
const cube = () =>
  tensor(
    Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 24),
    { shape: [2, 3, 4] },
  );

/** A reduction written down by hand: groups elements by the index without the reduced dims. */
function grouped(x: Tensor, dims: number[]): number[][] {
  const groups = new Map<string, number[]>();
  x.dataSync().forEach((value, i) => {
    const index = x.shape.map((size, d) => Math.floor(i / x.shape.slice(d + 1).reduce((a, b) => a * b, 1)) % size);
    const key = index.filter((_, d) => !dims.includes(d)).join();
    groups.set(key, [...(groups.get(key) ?? []), value]);
  });
  return [...groups.values()];
}

const FOLDS: Record<"sum" | "mean" | "amax" | "amin", (values: number[]) => number> = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  mean: (v) => v.reduce((a, b) => a + b, 0) / v.length,
  amax: (v) => Math.max(...v),
  amin: (v) => Math.min(...v),
};

describe.each(Object.keys(FOLDS) as (keyof typeof FOLDS)[])("%s", (op) => {
  test.each([
    [undefined, [0, 1, 2], []],
    [0, [0], [3, 4]],
    [1, [1], [2, 4]],
    [-1, [2], [2, 3]],
    [[0, 1], [0, 1], [4]],
    [[0, 2], [0, 2], [3]],
    [[-1, 0], [0, 2], [3]],
    [[2, 1, 0], [0, 1, 2], []],
    [[], [0, 1, 2], []],
  ] as const)("over dims %j", (dim, dims, shape) => {
    const x = cube();
    const expected = grouped(x, [...dims]).map(FOLDS[op]);
    const result = x[op](dim === undefined ? {} : { dim });
    expect(result.shape).toEqual(shape);
    expectClose(result.dataSync(), expected);
    const kept = x[op]({ ...(dim !== undefined && { dim }), keepdim: true });
    expect(kept.shape).toEqual([2, 3, 4].map((size, i) => ((dims as readonly number[]).includes(i) ? 1 : size)));
    expectClose(kept.dataSync(), expected);
    const strided = x.permute([2, 0, 1]);
    expectClose(strided[op]({ dim: 0 }).dataSync(), grouped(x, [2]).map(FOLDS[op]));
  });

  test("of a scalar is itself", () => {
    expect(tensor(5)[op]().itemSync()).toBe(5);
    expect(tensor(5)[op]({ dim: -1, keepdim: true }).shape).toEqual([]);
  });

  test("refuses dims that are not there, twice there or no integers", () => {
    for (const dim of [3, -4, 0.5, NAN]) expectRefusal(() => cube()[op]({ dim }), "RangeError", `expected dim in [-3, 2], got ${dim}`);
    expectRefusal(() => cube()[op]({ dim: [1, -2] }), "RangeError", "expected each dim once, got 1 twice");
    expectRefusal(() => cube()[op]({ dim: "0" as never }), "TypeError", "expected dim to be an integer");
  });
});

describe("sums", () => {
  test("of bool count, of int32 stay int32, of nothing are 0", () => {
    const count = tensor([true, false, true]).sum();
    expect([count.dtype, count.itemSync()]).toEqual(["int32", 2]);
    expect(tensor(new Int32Array([1, -5])).sum()).toMatchObject({ dtype: "int32" });
    expect(list(zeros([2, 0]).sum({ dim: 1 }))).toEqual([0, 0]);
    expect(zeros([0, 3]).sum({ dim: 1 }).shape).toEqual([0]);
    expect(zeros([0]).sum().itemSync()).toBe(0);
  });

  test("are taken in double and rounded once", () => {
    expect(tensor([1e8, 1, -1e8]).sum().itemSync()).toBe(1);
    expect(
      ones([2 ** 16])
        .mul(0.1)
        .mean()
        .itemSync(),
    ).toBe(Math.fround(0.1));
  });

  test("give each element the same gradient, in a tensor with memory of its own", () => {
    const x = ones([2, 3], { requiresGrad: true });
    x.sum().backward();
    expect(list(x.grad)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(x.grad?.isContiguous()).toBe(true);
  });
});

describe("mean, var and std", () => {
  test("refuse integers", () => {
    for (const op of ["mean", "var", "std"] as const) {
      expectRefusal(() => tensor(new Int32Array(2))[op](), "TypeError", "expected a float tensor, got int32");
    }
  });

  test("divide by the count less the correction", () => {
    const x = tensor([1, 2, 3, 4]);
    expectClose([x.var().itemSync()], [5 / 3]);
    expectClose([x.var({ correction: 0 }).itemSync()], [1.25]);
    expectClose([x.std({ correction: 2 }).itemSync()], [Math.sqrt(2.5)]);
    expect(x.var({ correction: 4 }).itemSync()).toBe(Number.POSITIVE_INFINITY);
    expect(tensor([3]).var().itemSync()).toBeNaN();
    expect(zeros([0]).mean().itemSync()).toBeNaN();
  });

  test("work over any dims, kept or not", () => {
    const x = cube();
    const variance = (values: number[]) => {
      const mean = FOLDS.mean(values);
      return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
    };
    expectClose(x.var({ dim: [0, 2] }).dataSync(), grouped(x, [0, 2]).map(variance));
    expect(x.std({ dim: 1, keepdim: true }).shape).toEqual([2, 1, 4]);
  });

  test("keep their digits for values far from 0", () => {
    expectClose([tensor([10000, 10001, 10002]).var().itemSync()], [1]);
  });
});

describe("amax and amin", () => {
  test("give NaN where there is one, wherever it stands", () => {
    for (const row of [
      [NAN, 1, 2],
      [1, NAN, 2],
      [1, 2, NAN],
    ]) {
      expect(tensor(row).amax().itemSync()).toBeNaN();
      expect(tensor(row).amin().itemSync()).toBeNaN();
    }
    expect(
      list(
        tensor([
          [1, NAN],
          [3, 4],
        ]).amax({ dim: 1 }),
      ),
    ).toEqual([NAN, 4]);
  });

  test("share the gradient evenly among equals", () => {
    const x = tensor(
      [
        [1, 3, 3],
        [2, 2, 2],
      ],
      { requiresGrad: true },
    );
    x.amax({ dim: 1 }).sum().backward();
    expectClose(list(x.grad), [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]);
    x.grad = null;
    x.amin().backward();
    expect(list(x.grad)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  test("refuse to choose from nothing, but take other empty shapes", () => {
    for (const op of ["amax", "amin", "argmax"] as const) {
      expectRefusal(() => zeros([2, 0])[op]({ dim: 1 }), "RangeError", `${op}: expected at least one element, got a dimension of size 0`);
      expectRefusal(() => zeros([0])[op](), "RangeError", op);
      expect(zeros([0, 3])[op]({ dim: 1 }).shape).toEqual([0]);
    }
  });

  test("of integers stay int32; of bool are the logical and and or, as int32", () => {
    expect(tensor(new Int32Array([-5, 3])).amax()).toMatchObject({ dtype: "int32" });
    expect(tensor([true, false]).amax().itemSync()).toBe(1);
    expect(tensor([true, false]).amin().itemSync()).toBe(0);
  });
});

describe("argmax", () => {
  test("gives the first of equals, as int32", () => {
    const place = tensor([1, 7, 7, 2]).argmax();
    expect([place.dtype, place.shape, place.itemSync()]).toEqual(["int32", [], 1]);
  });

  test("gives the first NaN", () => {
    expect(tensor([1, 9, NAN, NAN]).argmax().itemSync()).toBe(2);
    expect(tensor([NAN, 9]).argmax().itemSync()).toBe(0);
  });

  test("counts along one dim, or in the flattened tensor, also of a strided one", () => {
    const x = tensor([
      [1, 5, 3],
      [9, 2, 4],
    ]);
    expect(list(x.argmax({ dim: 0 }))).toEqual([1, 0, 1]);
    expect(list(x.argmax({ dim: -1 }))).toEqual([1, 0]);
    expect(x.argmax({ dim: 1, keepdim: true }).shape).toEqual([2, 1]);
    expect(x.argmax().itemSync()).toBe(3);
    expect(x.argmax({ keepdim: true }).shape).toEqual([1, 1]);
    expect(x.transpose(0, 1).argmax().itemSync()).toBe(1);
    expect(list(x.transpose(0, 1).argmax({ dim: 1 }))).toEqual([1, 0, 1]);
    expect(tensor([-1, -2]).argmax().itemSync()).toBe(0);
  });

  test("carries no gradient", () => {
    expect(ones([3], { requiresGrad: true }).argmax().requiresGrad).toBe(false);
  });
});
