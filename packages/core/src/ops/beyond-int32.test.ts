import { describe, expect, test } from "vitest";
import { functional as F, full, memory, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

/** int32 tensors of the middle and of both ends, and bool. */
const x = tensor(new Int32Array([LEAST, -1, 0, 2, MOST]));
const bools = tensor([true, false]);
const positive = x.gt(0);

const COMPARISONS = {
  eq: (a: number, b: number) => a === b,
  ne: (a: number, b: number) => a !== b,
  lt: (a: number, b: number) => a < b,
  le: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
};

describe("a number beyond int32", () => {
  const numbers = [LEAST, MOST, 2 ** 31, LEAST - 1, 2 ** 32, 2 ** 32 + 2, -(2 ** 32) - 1, 2 ** 53, -1e300, INF, -INF, NAN];

  test.each(Object.entries(COMPARISONS))("is compared with integers as the number that it is: %s", (op, compare) => {
    for (const number of numbers) {
      const of = (operand: Tensor) => list(operand[op as "eq"](number));
      expect(of(x), `${number}`).toEqual(list(x).map((value) => Number(compare(value, number))));
      expect(of(bools), `${number}`).toEqual([1, 0].map((value) => Number(compare(value, number))));
    }
  });

  test("divides integers, and is their exponent, in float32", () => {
    expect(list(tensor(new Int32Array([2 ** 30])).div(2 ** 40))).toEqual([2 ** -10]);
    expect(list(tensor(new Int32Array([1, 2])).pow(2 ** 31))).toEqual([1, INF]);
  });

  test.each<[string, (number: number) => Tensor]>([
    ["add", (number) => x.add(number)],
    ["sub", (number) => x.sub(number)],
    ["mul", (number) => x.mul(number)],
    ["add", (number) => bools.add(number)],
    ["minimum", (number) => F.minimum(x, number)],
    ["maximum", (number) => F.maximum(x, number)],
    ["clamp", (number) => x.clamp({ min: number })],
    ["clamp", (number) => x.clamp({ min: 0, max: number })],
    ["where", (number) => x.where(positive, number)],
    ["where", (number) => F.where(positive, number, x)],
  ])("is refused by %s, with no memory kept", (op, fn) => {
    const before = memory();
    for (const number of [2 ** 31, LEAST - 1, 2 ** 40, -(2 ** 53), 1e300]) {
      expectRefusal(() => fn(number), "RangeError", `${op}: expected numbers that fit int32, got ${number} - convert the tensor`);
    }
    expect(memory()).toEqual(before);
    expect(fn(MOST).dtype).toBe("int32");
    expect(fn(LEAST).dtype).toBe("int32");
    // No whole numbers: they turn integers to floats, as everywhere.
    for (const number of [0.5, INF, NAN]) expect(fn(number).dtype).toBe("float32");
  });

  test("is refused by full and tensor, as NaN and infinities are; fractions are cut off", () => {
    const before = memory();
    for (const number of [2 ** 31, LEAST - 1, 3e9, NAN, INF, -INF]) {
      expectRefusal(() => full([1], number, { dtype: "int32" }), "RangeError", `full: expected numbers that fit int32`, `got ${number}`);
      expectRefusal(
        () => tensor([0, number], { dtype: "int32" }),
        "RangeError",
        `tensor: expected numbers that fit int32`,
        `got ${number}`,
      );
      expectRefusal(() => tensor(new Float64Array([number]), { dtype: "int32" }), "RangeError", "tensor: expected numbers that fit int32");
    }
    expect(memory()).toEqual(before);
    expect(list(full([2], -1.5, { dtype: "int32" }))).toEqual([-1, -1]);
    expect(list(tensor([1.9, -1.9, MOST + 0.5, LEAST - 0.5], { dtype: "int32" }))).toEqual([1, -1, MOST, LEAST]);
    expect(list(full([1], NAN, { dtype: "bool" }))).toEqual([1]);
  });

  test("in a float tensor becomes its low 32 bits, and 0 for NaN and infinities, by type", () => {
    const floats = tensor([2 ** 31, 2 ** 32 + 2 ** 10, -(2 ** 31) - 2 ** 10, 3e9, NAN, INF, -INF, 2.9, -2.9]);
    expect(list(floats.type("int32"))).toEqual([LEAST, 1024, 2 ** 31 - 1024, 3e9 - 2 ** 32, 0, 0, 0, 2, -2]);
  });
});
