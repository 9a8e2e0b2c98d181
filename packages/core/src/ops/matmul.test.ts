import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, randn, type Shape, type Tensor, tensor, zeros } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

/** The product of two matrices, batch by batch, by the definition. */
function product(a: Tensor, b: Tensor, batch: Shape): number[] {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1) as number;
  const x = a.expand([...batch, m, k]).dataSync();
  const y = b.expand([...batch, k, n]).dataSync();
  const out: number[] = [];
  for (let o = 0; o < batch.reduce((s, d) => s * d, 1); o++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += (x[(o * m + i) * k + l] as number) * (y[(o * k + l) * n + j] as number);
        out.push(sum);
      }
    }
  }
  return out;
}

const random = (shape: Shape) => randn(shape, { generator: new Generator(shape.length + (shape[0] ?? 0)) });

describe("matmul", () => {
  test.each<[Shape, Shape, Shape]>([
    [[2, 3], [3, 4], []],
    [[1, 1], [1, 1], []],
    [[5, 2], [2, 7], []],
    [[9, 13], [13, 6], []],
    [[4, 2, 3], [3, 5], [4]],
    [[2, 3], [4, 3, 5], [4]],
    [[4, 2, 3], [4, 3, 5], [4]],
    [
      [2, 1, 2, 3],
      [4, 3, 2],
      [2, 4],
    ],
    [[1, 2, 3], [4, 3, 2], [4]],
  ])("%j @ %j, batches %j", (a, b, batch) => {
    const [x, y] = [random(a), random(b)];
    const out = x.matmul(y);
    expect(out.shape).toEqual([...batch, a.at(-2), b.at(-1)]);
    expectClose(out.dataSync(), product(x, y, batch));
  });

  test.each<[Shape, Shape, Shape]>([
    [[3], [3], []],
    [[3], [3, 2], [2]],
    [[2, 3], [3], [2]],
    [[4, 2, 3], [3], [4, 2]],
    [[3], [4, 3, 2], [4, 2]],
  ])("%j @ %j gives %j: a vector is a row on the left and a column on the right", (a, b, shape) => {
    const [x, y] = [random(a), random(b)];
    const out = x.matmul(y);
    expect(out.shape).toEqual(shape);
    const [rows, columns] = [x.shape.length === 1 ? x.unsqueeze(0) : x, y.shape.length === 1 ? y.unsqueeze(1) : y];
    expect([...out.dataSync()]).toEqual([...rows.matmul(columns).dataSync()]);
  });

  test("reads transposed, sliced and expanded operands by their logical place", () => {
    const [a, b] = [random([6, 4]), random([6, 5])];
    expectClose(a.transpose(0, 1).matmul(b).dataSync(), product(a.transpose(0, 1), b, []));
    expectClose(b.slice(1, 0, 5, 2).transpose(0, 1).matmul(a).dataSync(), product(b.slice(1, 0, 5, 2).transpose(0, 1), a, []));
    expectClose(
      a
        .slice(0, 1, 5)
        .matmul(a.slice(0, 2, 4).transpose(0, 1))
        .dataSync(),
      product(a.slice(0, 1, 5), a.slice(0, 2, 4).transpose(0, 1), []),
    );
    expectClose(tensor(2).expand([3, 6]).matmul(a).dataSync(), product(ones([3, 6]).mul(2), a, []));
    expectClose(
      a
        .slice(1, 1, 2)
        .matmul(b.slice(0, 0, 1))
        .dataSync(),
      product(a.slice(1, 1, 2), b.slice(0, 0, 1), []),
    );
  });

  test("of empty operands gives zeros, or nothing", () => {
    expect([
      ...zeros([2, 0])
        .matmul(zeros([0, 3]))
        .dataSync(),
    ]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(zeros([0, 3]).matmul(ones([3, 2])).shape).toEqual([0, 2]);
    expect(
      zeros([0])
        .matmul(zeros([0]))
        .itemSync(),
    ).toBe(0);
    expect([
      ...zeros([2, 1, 0])
        .matmul(zeros([0, 3]))
        .dataSync(),
    ]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(zeros([0, 2, 3]).matmul(ones([3, 4])).shape).toEqual([0, 2, 4]);
  });

  test("carries NaN and infinity, also past a 0", () => {
    const out = tensor([[0, 1]]).matmul(
      tensor([
        [Number.NaN, Number.POSITIVE_INFINITY],
        [1, 1],
      ]),
    );
    expect([...out.dataSync()]).toEqual([Number.NaN, Number.NaN]);
  });

  test("converts to the wider float, and refuses integers", () => {
    expect(ones([1, 2]).matmul(ones([2, 1], { dtype: "float64" })).dtype).toBe("float64");
    expect(
      ones([2])
        .matmul(tensor(new Int32Array([2, 3])))
        .itemSync(),
    ).toBe(5);
    const integers = tensor(new Int32Array([1]));
    expectRefusal(() => integers.matmul(integers), "TypeError", "matmul: expected a float tensor, got int32");
  });

  test("refuses scalars, inner sizes that differ, batches that do not broadcast and what is no tensor", () => {
    expectRefusal(() => tensor(1).matmul(ones([1])), "ShapeError", "matmul: expected equal inner sizes, got [");
    expectRefusal(() => ones([2, 3]).matmul(ones([2, 3])), "ShapeError", "matmul: expected equal inner sizes, got [2, 3] and [2, 3]");
    expectRefusal(() => ones([3]).matmul(ones([2])), "ShapeError", "matmul: expected equal inner sizes, got [3] and [2]");
    expectRefusal(() => ones([2, 2, 3]).matmul(ones([3, 3, 1])), "ShapeError", "matmul: expected shapes that broadcast");
    expectRefusal(() => ones([1]).matmul(2 as never), "TypeError", "matmul: expected a Tensor, got 2");
  });
});

describe("linear", () => {
  test.each<Shape>([[3], [2, 3], [2, 4, 3], [0, 3]])("of %j over the last dimension is x w^T + b", (...shape) => {
    const [x, w, b] = [random(shape), random([5, 3]), random([5])];
    const expected = x.matmul(w.transpose(0, 1)).add(b);
    const out = F.linear(x, w, b);
    expect(out.shape).toEqual([...shape.slice(0, -1), 5]);
    expectClose(out.dataSync(), expected.dataSync());
    expectClose(F.linear(x, w).dataSync(), x.matmul(w.transpose(0, 1)).dataSync());
    expectClose(F.linear(x, w, null).dataSync(), x.matmul(w.transpose(0, 1)).dataSync());
  });

  test("without features gives the bias, and without rows nothing", () => {
    const bias = tensor([1, 2, 3, 4], { requiresGrad: true });
    for (const shape of [[0], [2, 0], [2, 3, 0], [0, 0], [2, 0, 0]]) {
      const x = zeros(shape, { requiresGrad: true });
      const weight = zeros([4, 0], { requiresGrad: true });
      for (const input of [x, x.type("float64")]) {
        const out = F.linear(input, weight, bias);
        expect(out.shape).toEqual([...shape.slice(0, -1), 4]);
        expect([...out.dataSync()]).toEqual(Array.from({ length: out.size }, (_, i) => 1 + (i % 4)));
        bias.grad = null;
        out.sum().backward();
        expect([...((bias.grad as Tensor | null)?.dataSync() ?? [])]).toEqual([1, 1, 1, 1].map(() => out.size / 4));
      }
      expect([x.grad?.shape, weight.grad?.shape]).toEqual([shape, [4, 0]]);
    }
    expect([...F.linear(zeros([2, 2, 0]), zeros([1, 0])).dataSync()]).toEqual([0, 0, 0, 0]);
    expect(F.linear(zeros([2, 0, 3]), zeros([4, 3]), bias).shape).toEqual([2, 0, 4]);
  });

  test("takes strided weights and mixed dtypes", () => {
    const [x, w, b] = [random([2, 3]), random([3, 4]), random([4])];
    expectClose(F.linear(x, w.transpose(0, 1), b).dataSync(), x.matmul(w).add(b).dataSync());
    expect(F.linear(x.type("float64"), w.transpose(0, 1), b).dtype).toBe("float64");
  });

  test("refuses sizes that do not fit", () => {
    expectRefusal(
      () => F.linear(ones([2, 3]), ones([4, 2])),
      "ShapeError",
      "linear: expected x [..., in] and weight [out, in], got [2, 3] and [4, 2]",
    );
    expectRefusal(() => F.linear(ones([3]), ones([3])), "ShapeError", "linear: expected x");
    expectRefusal(() => F.linear(tensor(1), ones([1, 1])), "ShapeError", "linear: expected x");
    expectRefusal(() => F.linear(ones([2, 3]), ones([4, 3]), ones([3])), "ShapeError", "linear: expected a bias of shape [4], got [3]");
  });
});
