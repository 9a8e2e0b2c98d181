import { describe, expect, test } from "vitest";
import {
  arange,
  functional as F,
  Generator,
  gradcheck,
  gradgradcheck,
  randint,
  randn,
  type Shape,
  type Tensor,
  tensor,
  zeros,
} from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";
import { orderByComparing } from "./sorting";

let seed = 80;
const input = (shape: Shape): Tensor => randn(shape, { generator: new Generator(++seed), dtype: "float64", requiresGrad: true });
const list = (x: Tensor) => [...x.dataSync()];
const grid = () => arange(6).reshape([2, 3]);

describe("gradients, first and second, of", () => {
  const CASES: [string, (...inputs: Tensor[]) => Tensor, () => Tensor[]][] = [
    ["tril and triu", (x) => F.tril(x as Tensor).mul(F.triu(x as Tensor, { diagonal: -1 })), () => [input([2, 3, 3])]],
    ["cumsum", (x) => F.cumsum(x as Tensor, { dim: 1 }).pow(2), () => [input([2, 5])]],
    ["sort", (x) => F.sort(x as Tensor, { descending: true, dim: 0 }).values.pow(3), () => [input([4, 2])]],
    ["topk", (x) => F.topk(x as Tensor, { k: 2 }).values.pow(3), () => [input([2, 4])]],
    [
      "einsum",
      (x, y, z) => F.einsum("bi,...ij,bj->...b", x as Tensor, y as Tensor, z as Tensor),
      () => [input([2, 3]), input([2, 3, 4]), input([2, 4])],
    ],
    ["einsum of a diagonal", (x, y) => F.einsum("iij,j", x as Tensor, y as Tensor), () => [input([3, 3, 2]), input([2])]],
    ["copies", (x) => F.flip(F.roll(F.clone(x as Tensor), { shifts: 1, dims: 1 }), { dims: [0] }).mul(x as Tensor), () => [input([2, 3])]],
    [
      "repeats",
      (x) =>
        F.repeat(x as Tensor, { repeats: [2, 1, 2] }).mul(
          F.repeatInterleave(F.repeat(x as Tensor, { repeats: [2, 1, 1] }), { repeats: 2, dim: 2 }),
        ),
      () => [input([2, 3])],
    ],
    [
      "parts",
      (x) => (F.split(x as Tensor, { splitSize: [1, 2] })[1] as Tensor).mul(F.unbind(x as Tensor)[0] as Tensor),
      () => [input([3, 2])],
    ],
    ["logsumexp", (x) => F.logsumexp(x as Tensor, { dim: [0, 2] }), () => [input([2, 3, 2])]],
    [
      "prod beside a zero",
      (x) => F.prod((x as Tensor).mul(tensor([1, 0, 1, 1, 1])), { dim: 1 }).add(F.prod(x as Tensor)),
      () => [input([2, 5])],
    ],
    [
      "indexSelect and maskedFill",
      (x) =>
        F.maskedFill(F.indexSelect(x as Tensor, tensor(new Int32Array([1, 1])), { dim: 1 }).pow(2), tensor([true, false]), { value: 3 }),
      () => [input([2, 3])],
    ],
  ];
  test.each(CASES)("%s", (_, fn, inputs) => {
    const given = inputs();
    expect(gradcheck(fn, given)).toBe(true);
    expect(gradgradcheck(fn, given, { atol: 1e-4 })).toBe(true);
  });
});

describe("order", () => {
  const NAN = Number.NaN;

  test("keeps the places of equals and takes NaN for the largest", () => {
    const x = tensor([2, NAN, 1, 2, Number.POSITIVE_INFINITY, NAN, -0, 0]);
    expect(list(F.argsort(x))).toEqual([6, 7, 2, 0, 3, 4, 1, 5]);
    expect(list(F.argsort(x, { descending: true }))).toEqual([1, 5, 4, 0, 3, 2, 6, 7]);
    expect(list(F.topk(x, { k: 3, largest: false }).values).map((v) => v + 0)).toEqual([0, 0, 1]);
  });

  test("is the same by comparing every element with every other", () => {
    const x = randint(0, 7, [5, 17], { generator: new Generator(2) }).type("float32");
    const some = F.maskedFill(x, x.eq(3), { value: NAN });
    for (const descending of [false, true]) {
      expect(list(orderByComparing(some, 17, descending))).toEqual(list(F.argsort(some, { descending })));
      expect(list(orderByComparing(some, 4, descending))).toEqual(list(F.topk(some, { k: 4, largest: descending }).indices));
    }
  });

  test("holds for any dtype, scalars and nothing", () => {
    expect(list(F.sort(tensor([true, false, true])).values)).toEqual([0, 1, 1]);
    expect(list(F.sort(tensor(new Int32Array([3, -4]))).values)).toEqual([-4, 3]);
    expect(F.sort(tensor(4)).values.shape).toEqual([]);
    expect(F.sort(zeros([2, 0])).indices.shape).toEqual([2, 0]);
    expect(F.topk(zeros([0, 3]), { k: 1 }).values.shape).toEqual([0, 1]);
    expectRefusal(() => F.topk(zeros([2]), { k: 3 }), "RangeError", "topk: expected k of at most 2, got 3");
  });
});

describe("einsum", () => {
  test("sums, broadcasts sizes of 1 and orders letters", () => {
    expect(list(F.einsum("ji", grid()))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(F.einsum("...a,b...", zeros([2, 3, 4]), zeros([5, 2, 3])).shape).toEqual([2, 3, 4, 5]);
    expectClose(F.einsum("ij, ij -> i", grid(), tensor([[2]])).dataSync(), [6, 24]);
    expectClose([F.einsum("i,i,i->", arange(3), arange(3), arange(3)).itemSync()], [9]);
    expect(list(F.einsum("ii", grid().slice(1, 0, 2)))).toEqual([4]);
  });

  test("refuses what is no equation, and sizes that do not fit", () => {
    const x = grid();
    for (const bad of ["ij->ik", "i->i", "ij,jk", "i1->i", "ij->ii", "ij->i->j", "......"]) {
      expect(() => F.einsum(bad, x), bad).toThrow(/^einsum: expected/);
    }
    expectRefusal(() => F.einsum("ij,j", x, zeros([4])), "ShapeError", 'einsum: expected one size for "j", got 3 and 4');
    expectRefusal(
      () => F.einsum("ij", tensor(new Int32Array(4), { shape: [2, 2] })),
      "TypeError",
      "einsum: expected a float tensor, got int32",
    );
  });
});

describe("reductions and logic", () => {
  test("logsumexp of infinities and nothing", () => {
    const inf = Number.POSITIVE_INFINITY;
    expect(list(F.logsumexp(tensor([[inf, 0], [-inf, -inf]]), { dim: 1 }))).toEqual([inf, -inf]); // biome-ignore format: rows
    expect(list(F.logsumexp(zeros([2, 0]), { dim: 1 }))).toEqual([-inf, -inf]);
    expectClose([F.logsumexp(tensor([1000, 1000])).itemSync()], [1000 + Math.log(2)]);
  });

  test("prod, any, all and argmin of nothing, bool, int32 and NaN", () => {
    expect([F.prod(zeros([0])).itemSync(), F.any(zeros([0])).itemSync(), F.all(zeros([0])).itemSync()]).toEqual([1, 0, 1]);
    expect(F.prod(tensor([true, true])).dtype).toBe("int32");
    expect([
      F.any(tensor([0, Number.NaN])).itemSync(),
      F.all(tensor([1, Number.NaN])).itemSync(),
      F.all(tensor([1, 0])).itemSync(),
    ]).toEqual([1, 1, 0]);
    expect(list(F.any(grid(), { dim: 1 }))).toEqual([1, 1]);
    expect(F.argmin(tensor(new Int32Array([5, -(2 ** 31), 2 ** 31 - 1]))).itemSync()).toBe(1);
    expect(list(F.argmin(tensor([[3, 1, 1], [Number.NaN, 0, 1]]), { dim: 1 }))).toEqual([1, 0]); // biome-ignore format: rows
    expect(F.argmin(tensor([true, false])).itemSync()).toBe(1);
  });

  test("logic and isnan are bool and broadcast", () => {
    const [a, b] = [tensor([[0], [2]]), tensor([0, Number.NaN])];
    expect(list(F.logicalAnd(a, b))).toEqual([0, 0, 0, 1]);
    expect(list(F.logicalOr(a, b))).toEqual([0, 1, 1, 1]);
    expect(list(F.logicalNot(b))).toEqual([1, 0]);
    expect(list(F.isnan(b))).toEqual([0, 1]);
    expect(F.logicalAnd(a, b).dtype).toBe("bool");
  });
});

describe("copies and parts", () => {
  test("repeat, roll, flip and cumsum of other dtypes, and by more than a size", () => {
    expect(list(F.repeat(arange(2), { repeats: [2, 2] }))).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(F.repeat(arange(2), { repeats: [0] }).shape).toEqual([0]);
    expect(list(F.repeatInterleave(grid(), { repeats: 2, dim: 0 }))).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    expect(list(F.roll(arange(3), { shifts: -4 }))).toEqual([1, 2, 0]);
    expect(list(F.flip(tensor([true, false]), { dims: 0 }))).toEqual([0, 1]);
    expect(list(F.cumsum(tensor([true, true, true]), { dim: 0 }))).toEqual([1, 2, 3]);
    expect(list(F.cumsum(tensor([1, Number.POSITIVE_INFINITY, 1]), { dim: 0 }))).toEqual([
      1,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("a clone has memory of its own", () => {
    const x = arange(3);
    const y = F.clone(x);
    x.dispose();
    expect(list(y)).toEqual([0, 1, 2]);
  });

  test("split, chunk and unbind cut as PyTorch does", () => {
    const sizes = (parts: Tensor[]) => parts.map(({ shape }) => shape.join("x"));
    expect(sizes(F.split(zeros([5, 2]), { splitSize: 2 }))).toEqual(["2x2", "2x2", "1x2"]);
    expect(sizes(F.split(zeros([2, 5]), { splitSize: [4, 1], dim: -1 }))).toEqual(["2x4", "2x1"]);
    expect(sizes(F.chunk(zeros([7]), { chunks: 4 }))).toEqual(["2", "2", "2", "1"]);
    expect(sizes(F.chunk(zeros([5]), { chunks: 4 }))).toEqual(["2", "2", "1"]);
    expect(F.unbind(grid(), { dim: 1 }).map(list)).toEqual([[0, 3], [1, 4], [2, 5]]); // biome-ignore format: rows
    expectRefusal(() => F.split(zeros([5]), { splitSize: [4, 2] }), "RangeError", "split: expected splitSize that sums to 5, got 6");
    expectRefusal(() => F.unbind(zeros([])), "ShapeError", "unbind: expected at least one dimension, got []");
  });

  test("refuse places, masks and dims that do not fit", () => {
    expectRefusal(
      () => F.indexSelect(grid(), tensor(new Int32Array([3])), { dim: 1 }),
      "RangeError",
      "indexSelect: expected places from 0 to 2, got 3",
    );
    expectRefusal(() => F.maskedFill(grid(), grid(), { value: 1 }), "TypeError", "maskedFill: expected a bool mask, got float32");
    expectRefusal(() => F.roll(grid(), { shifts: [1, 2], dims: 0 }), "RangeError", "roll: expected 1 shifts, as many as dims, got 2");
    expectRefusal(() => F.repeat(grid(), { repeats: [2] }), "ShapeError", "repeat: expected at least 2 repeats for [2, 3], got 1");
    expectRefusal(() => F.tril(zeros([2])), "ShapeError", "tril: expected at least two dimensions, got [2]");
  });
});
