import { describe, expect, test } from "vitest";
import { functional as F, memory, ones, type Tensor, tensor, tidy } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const ints = (...values: number[]) => tensor(new Int32Array(values));

describe("where", () => {
  const condition = tensor([true, false, true]);

  test("picks from tensors and numbers, broadcast, in the common dtype", () => {
    expect(list(tensor([1, 2, 3]).where(condition, tensor([-1, -2, -3])))).toEqual([1, -2, 3]);
    expect(list(F.where(condition, tensor([1, 2, 3]), 0))).toEqual([1, 0, 3]);
    expect(list(F.where(condition, 9, tensor([1, 2, 3])))).toEqual([9, 2, 9]);
    expect(F.where(condition, tensor([[1], [2]]), 0).shape).toEqual([2, 3]);
    expect(list(F.where(tensor(true), tensor([1, 2]), 0))).toEqual([1, 2]);
    expect(F.where(condition, ints(1, 2, 3), tensor([0.5, 0.5, 0.5])).dtype).toBe("float32");
    expect(F.where(condition, ints(1, 2, 3), 0.5).dtype).toBe("float32");
    expect(F.where(condition, condition, condition).dtype).toBe("bool");
  });

  test("keeps what is not picked out of the result and of the gradient, NaN and infinity included", () => {
    expect(list(F.where(condition, tensor([1, NAN, 3]), tensor([NAN, 2, INF])))).toEqual([1, 2, 3]);
    const [a, b] = [ones([3], { requiresGrad: true }), ones([3], { requiresGrad: true })];
    F.where(condition, a, b).backward(tensor([INF, NAN, 5]));
    expect(list(a.grad)).toEqual([INF, 0, 5]);
    expect(list(b.grad)).toEqual([0, NAN, 0]);
  });

  test("refuses conditions that are not bool, two numbers and shapes that do not broadcast", () => {
    expectRefusal(() => F.where(ones([3]), ones([3]), 0), "TypeError", "where: expected a bool condition, got float32 - compare it");
    expectRefusal(() => F.where([true] as never, ones([1]), 0), "TypeError", "where: expected the condition to be a Tensor, got an array");
    expectRefusal(() => F.where(condition, 1, 2), "TypeError", "where: expected a Tensor, got 1");
    expectRefusal(() => F.where(condition, ones([2]), 0), "ShapeError", "where: expected shapes that broadcast");
  });
});

describe("clamp", () => {
  test("cuts at either bound or both; NaN stays", () => {
    const x = tensor([-2, 0.5, 3, NAN, INF, -INF]);
    expect(list(x.clamp({ min: 0, max: 1 }))).toEqual([0, 0.5, 1, NAN, 1, 0]);
    expect(list(x.clamp({ min: 0 }))).toEqual([0, 0.5, 3, NAN, INF, 0]);
    expect(list(x.clamp({ max: 1 }))).toEqual([-2, 0.5, 1, NAN, 1, -INF]);
    expect(list(tensor([1]).clamp({ min: 5, max: 2 }))).toEqual([2]); // as in PyTorch, max wins
    expect(list(x.clamp({ min: NAN })).every(Number.isNaN)).toBe(true);
  });

  test("passes the gradient inside and at the bounds, and none outside", () => {
    const x = tensor([-1, 0, 0.5, 1, 2], { requiresGrad: true });
    x.clamp({ min: 0, max: 1 }).sum().backward();
    expect(list(x.grad)).toEqual([0, 1, 1, 1, 0]);
  });

  test("of integers stays int32 with whole bounds and becomes float32 with a fraction", () => {
    expect(list(ints(-5, 5).clamp({ min: 0, max: 3 }))).toEqual([0, 3]);
    expect(ints(1).clamp({ min: 0 }).dtype).toBe("int32");
    const cut = ints(0, 5).clamp({ min: 0.5 });
    expect([cut.dtype, list(cut)]).toEqual(["float32", [0.5, 5]]);
  });

  test("refuses no bounds and bounds that are no numbers", () => {
    expectRefusal(() => ones([1]).clamp({}), "TypeError", "clamp: expected { min } or { max }");
    expectRefusal(() => ones([1]).clamp(undefined as never), "TypeError", "clamp: expected { min } or { max }, got undefined");
    expectRefusal(() => ones([1]).clamp({ min: "0" as never }), "TypeError", 'clamp: expected bounds that are numbers, got "0"');
  });
});

describe("gather", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  test("picks along a dim", () => {
    expect(list(F.gather(x, 1, tensor(new Int32Array([2, 0, 1, 1]), { shape: [2, 2] })))).toEqual([3, 1, 5, 5]);
    expect(list(F.gather(x, 0, tensor(new Int32Array([1, 0, 1]), { shape: [1, 3] })))).toEqual([4, 2, 6]);
    expect(list(F.gather(x.transpose(0, 1), -1, tensor(new Int32Array([1, 0, 1]), { shape: [3, 1] })))).toEqual([4, 2, 6]);
    expect(F.gather(x, 1, tensor(new Int32Array(0), { shape: [2, 0] })).shape).toEqual([2, 0]);
  });

  test("adds the gradients of places picked twice", () => {
    const y = ones([3], { requiresGrad: true });
    F.gather(y, 0, ints(1, 1, 2))
      .mul(tensor([1, 10, 100]))
      .sum()
      .backward();
    expect(list(y.grad)).toEqual([0, 11, 100]);
  });

  test.each([3, -1, 2 ** 31 - 1])("refuses the index %i, and keeps no memory of it", (bad) => {
    const before = memory().bytes;
    tidy(() => {
      expectRefusal(
        () => F.gather(x, 1, tensor(new Int32Array([0, bad]), { shape: [2, 1] })),
        "RangeError",
        `gather: expected indices in [0, 3), got ${bad}`,
      );
    });
    expect(memory().bytes).toBe(before);
  });

  test("refuses an index of another rank, size or dtype", () => {
    expectRefusal(() => F.gather(x, 1, ints(0)), "ShapeError", "gather: expected an index of x's shape but for dim 1, got [1] for [2, 3]");
    expectRefusal(() => F.gather(x, 1, tensor(new Int32Array(3), { shape: [3, 1] })), "ShapeError", "gather");
    expectRefusal(
      () => F.gather(x, 1, ones([2, 1])),
      "TypeError",
      'gather: expected an int32 index, got float32 - convert it with index.type("int32")',
    );
    expectRefusal(() => F.gather(x, 2, ints(0)), "RangeError", "gather: expected dim in [-2, 1], got 2");
  });
});

describe("type", () => {
  test("converts: to bool by not 0, to int32 by truncation; itself when nothing changes", () => {
    const x = tensor([0, -0, 0.5, -1.9, NAN]);
    expect(list(x.type("bool"))).toEqual([0, 0, 1, 1, 1]);
    expect(list(x.type("int32"))).toEqual([0, 0, 0, -1, 0]);
    expect(list(tensor([true, false]).type("float32"))).toEqual([1, 0]);
    expect(list(tensor(new Float64Array([0.1])).type("float32"))).toEqual([Math.fround(0.1)]);
    expect(x.type("float32")).toBe(x);
    expectRefusal(
      () => x.type("float16" as never),
      "TypeError",
      'type: expected dtype "float32", "float64", "int32" or "bool", got "float16"',
    );
  });

  test("is differentiable between floats", () => {
    const x = tensor([2], { requiresGrad: true });
    x.type("float64").pow(2).sum().backward();
    expect([x.grad?.dtype, list(x.grad)]).toEqual(["float32", [4]]);
  });
});
