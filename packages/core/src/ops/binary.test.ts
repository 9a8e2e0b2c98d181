import { describe, expect, test } from "vitest";
import { type DType, functional as F, ones, type Shape, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";
import { applyBinary } from "./by-name";

const list = (x: Tensor) => [...x.dataSync()];
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const of = (dtype: DType) => tensor([1, 0, 1], { dtype });

describe("arithmetic", () => {
  test("broadcasts: trailing dimensions aligned, sizes equal or 1", () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(list(x.add(tensor([10, 20, 30])))).toEqual([11, 22, 33, 14, 25, 36]);
    expect(list(x.mul(tensor([[2], [3]])))).toEqual([2, 4, 6, 12, 15, 18]);
    expect(list(tensor([[1], [2]]).sub(tensor([[1, 2, 3]])))).toEqual([0, -1, -2, 1, 0, -1]);
    expect(x.add(ones([4, 1, 1])).shape).toEqual([4, 2, 3]);
    expect(x.add(zeros([])).shape).toEqual([2, 3]);
    expect(ones([2, 0]).add(ones([1])).shape).toEqual([2, 0]);
    expect(ones([0]).add(ones([1])).shape).toEqual([0]);
  });

  test.each<[Shape, Shape]>([
    [[2], [3]],
    [[2, 3], [2]],
    [
      [2, 3],
      [3, 2],
    ],
    [[0], [2]],
  ])("refuses %j with %j", (a, b) => {
    const error = expectRefusal(() => ones(a).add(ones(b)), "ShapeError", "add: expected shapes that broadcast, got");
    expect(error).toMatchObject({ op: "add", shapes: [a, b] });
  });

  test("reads strided operands by their logical place", () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(list(x.transpose(0, 1).sub(x))).toEqual([0, 1, -1, 0]);
    expect(list(x.slice(1, 0, 2, 2).mul(x.slice(0, 1)))).toEqual([3, 4, 9, 12]);
  });

  test.each<[DType, DType, DType]>([
    ["bool", "bool", "int32"],
    ["bool", "int32", "int32"],
    ["int32", "int32", "int32"],
    ["int32", "float32", "float32"],
    ["bool", "float64", "float64"],
    ["float32", "float64", "float64"],
  ])("of %s and %s gives %s, in either order", (a, b, expected) => {
    for (const [x, y] of [
      [of(a), of(b)],
      [of(b), of(a)],
    ] as const) {
      expect(x.add(y).dtype).toBe(expected);
      expect(list(x.add(y))).toEqual([2, 0, 2]);
    }
  });

  test("with a number keeps a float's dtype, and turns integers to float32 only for a fraction", () => {
    expect(of("float32").add(0.1).dtype).toBe("float32");
    expect(of("float64").add(0.1).dtype).toBe("float64");
    expect(list(of("float64").add(0.1))).toEqual([1.1, 0.1, 1.1]);
    expect(of("int32").add(2).dtype).toBe("int32");
    expect(of("bool").mul(2).dtype).toBe("int32");
    expect(of("int32").mul(0.5).dtype).toBe("float32");
    expect(list(of("int32").mul(0.5))).toEqual([0.5, 0, 0.5]);
  });

  test("of integers wraps at 32 bits, divides to a float and subtracts below 0", () => {
    const big = tensor(new Int32Array([2 ** 31 - 1, 123456789]));
    expect(list(big.mul(big))).toEqual([1, Math.imul(123456789, 123456789)]);
    expect(list(big.add(1))).toEqual([-(2 ** 31), 123456790]);
    expect(list(tensor(new Int32Array([7, -7])).div(2))).toEqual([3.5, -3.5]);
    expect(list(of("bool").sub(of("bool").mul(2)))).toEqual([-1, 0, -1]);
  });

  test("follows IEEE 754 around zero, infinity and NaN", () => {
    expect(list(tensor([1, -1, 0]).div(0))).toEqual([INF, -INF, NAN]);
    expect(list(tensor([INF, INF]).sub(tensor([INF, -INF])))).toEqual([NAN, INF]);
    expect(list(tensor([0]).mul(-1))).toEqual([-0]);
    expect(list(tensor([3e38]).add(3e38))).toEqual([INF]);
  });

  test("rounds once to float32", () => {
    expect(list(tensor([0.1]).add(tensor([0.2])))).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
    expect(list(tensor([16777216]).add(1))).toEqual([16777216]);
  });

  test("leaves its operands alone, also where one stands on both sides", () => {
    const x = tensor([1, 2]);
    expect(list(x.mul(x))).toEqual([1, 4]);
    expect(list(x)).toEqual([1, 2]);
  });

  test("refuses what is neither tensor nor number", () => {
    for (const other of ["1", null, undefined, [1], true, 1n]) {
      expectRefusal(() => ones([1]).add(other as never), "TypeError", "add: expected a Tensor, got");
    }
    expectRefusal(() => F.minimum([1] as never, 2), "TypeError", "minimum: expected a Tensor, got an array of 1");
  });

  test("refuses a disposed operand on either side", () => {
    const gone = ones([2]);
    gone.dispose();
    expectRefusal(
      () => gone.add(1),
      "DisposedError",
      "add: expected a live tensor, got a disposed one - use it before, or return it from tidy or keep() it",
    );
    expectRefusal(() => ones([2]).mul(gone), "DisposedError", "mul: expected a live tensor");
  });
});

describe("pow", () => {
  test.each([
    [NAN, 0, 1],
    [1, NAN, 1],
    [-1, INF, 1],
    [-1, -INF, 1],
    [0, 0, 1],
    [0, -1, INF],
    [-0, -1, -INF],
    [-8, 1 / 3, NAN],
    [-2, 3, -8],
    [4, 0.5, 2],
    [INF, -1, 0],
    [0.5, INF, 0],
    [2, -2, 0.25],
  ])("%s ** %s = %s, with a number and with a tensor", (base, exponent, expected) => {
    expect(list(tensor([base], { dtype: "float64" }).pow(exponent))).toEqual([expected]);
    expect(list(tensor([base], { dtype: "float64" }).pow(tensor([exponent], { dtype: "float64" })))).toEqual([expected]);
  });

  test("of integers is a float", () => {
    expect(tensor(new Int32Array([3])).pow(2)).toMatchObject({ dtype: "float32" });
    expect(list(tensor(new Int32Array([3, 2])).pow(2))).toEqual([9, 4]);
  });

  test("has gradient 0 by the base where the exponent is 0, and by the exponent where the base is 0", () => {
    const base = tensor([0, 2, NAN], { requiresGrad: true });
    base.pow(0).sum().backward();
    expect([...(base.grad?.dataSync() ?? [])]).toEqual([0, 0, 0]);
    const exponent = tensor([0, 1, 2], { requiresGrad: true });
    tensor([0, 0, 0]).pow(exponent).sum().backward();
    expect([...(exponent.grad?.dataSync() ?? [])]).toEqual([0, 0, 0]);
  });
});

describe("a number in front", () => {
  test("gives the gradients of a quotient and a power, as PyTorch does at their poles", () => {
    const gradient = (op: "div" | "pow", a: number, values: number[]) => {
      const b = tensor(values, { requiresGrad: true });
      applyBinary(op, a, b).sum().backward();
      return [...(b.grad?.dataSync() ?? [])];
    };
    expect(gradient("div", 2, [4, 0, INF, NAN])).toEqual([-0.125, -INF, -0, NAN]);
    expect(gradient("div", 0, [4, 0])).toEqual([-0, NAN]);
    expect(gradient("pow", 0, [NAN, INF, -INF, 0, 1, -1, 2.5])).toEqual([NAN, 0, -INF, 0, 0, -INF, 0]);
    expect(gradient("pow", 1, [NAN, INF, -INF, 0, 1])).toEqual([0, 0, 0, 0, 0]);
    expect(gradient("pow", -2, [0, 1, NAN])).toEqual([NAN, NAN, NAN]);
    expect(gradient("pow", INF, [0, -1])).toEqual([INF, NAN]);
    expect(gradient("pow", 2, [-INF, 0, 1])).toEqual([0, Math.fround(Math.log(2)), Math.fround(2 * Math.log(2))]);
  });
});

describe("comparisons", () => {
  const a = tensor([1, 2, 3, NAN]);
  const b = tensor([1, 3, 2, NAN]);

  test.each([
    ["eq", [1, 0, 0, 0]],
    ["ne", [0, 1, 1, 1]],
    ["lt", [0, 1, 0, 0]],
    ["le", [1, 1, 0, 0]],
    ["gt", [0, 0, 1, 0]],
    ["ge", [1, 0, 1, 0]],
  ] as const)("%s gives bool, with NaN as in IEEE 754", (op, expected) => {
    expect(a[op](b).dtype).toBe("bool");
    expect(list(a[op](b))).toEqual(expected);
  });

  test("broadcast, take numbers and mixed dtypes, and carry no gradient", () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    expect(list(x.gt(2))).toEqual([0, 0, 1, 1]);
    expect(list(x.ge(tensor([2, 4])))).toEqual([0, 0, 1, 1]);
    expect(x.lt(2).requiresGrad).toBe(false);
    expect(list(tensor(new Int32Array([1, 2])).lt(1.5))).toEqual([1, 0]);
    expect(list(tensor([true, false]).eq(1))).toEqual([1, 0]);
    expect(list(tensor([true, false]).ne(tensor([true, true])))).toEqual([0, 1]);
    expect(list(tensor([0]).eq(-0))).toEqual([1]);
  });
});

describe("minimum and maximum", () => {
  test("let NaN win on either side, and broadcast", () => {
    const [x, y] = [tensor([1, NAN, 3]), tensor([2, 2, NAN])];
    expect(list(F.minimum(x, y))).toEqual([1, NAN, NAN]);
    expect(list(F.maximum(x, y))).toEqual([2, NAN, NAN]);
    expect(list(F.maximum(x, 2))).toEqual([2, NAN, 3]);
    expect(F.minimum(ones([2, 1]), ones([3])).shape).toEqual([2, 3]);
  });

  test("share the gradient between equals", () => {
    const x = tensor([1, 5, 2], { requiresGrad: true });
    const y = tensor([1, 2, 5], { requiresGrad: true });
    F.maximum(x, y).sum().backward();
    expect([...(x.grad?.dataSync() ?? [])]).toEqual([0.5, 1, 0]);
    expect([...(y.grad?.dataSync() ?? [])]).toEqual([0.5, 0, 1]);
  });
});
