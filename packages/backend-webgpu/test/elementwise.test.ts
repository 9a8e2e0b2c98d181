import type { BinaryOp, Operand, UnaryOp } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, data, expectClose, expectSame, noise } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

/** Zeros, infinities, NaN, and magnitudes from the smallest normal number to the largest. */
const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  10,
  -10,
  88,
  -88,
  89,
  -104,
  1e-30,
  -1e-30,
  1e-10,
  -1e-10,
  1e-4,
  -1e-4,
  1e10,
  -1e10,
  3e38,
  -3e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];
const WIDE = Array.from({ length: 2000 }, (_, i) => noise(1)(i) * 10 ** (Math.floor(i / 100) - 12));
const NEAR_ONE = Array.from({ length: 200 }, (_, i) => 1 + noise(2)(i) * 10 ** -(i % 7));

describe("unary", () => {
  const ops: UnaryOp[] = ["neg", "abs", "exp", "expm1", "log", "log1p", "sqrt", "relu", "sigmoid", "tanh", "erf", "softplus"];
  const rounding: UnaryOp[] = ["floor", "ceil", "round", "sign"];
  test.each(ops)("%s is within 1e-6 of the reference for tiny, large and special values", async (op) => {
    const x = data("float32", [SPECIAL.length + WIDE.length + NEAR_ONE.length], [...SPECIAL, ...WIDE, ...NEAR_ONE]);
    const [got, expected] = await both(gpu, [x, data("float32", x.shape, () => 7)], (b, a, out) => b.unary(op, a, out));
    expectClose(got, expected, { rtol: 1e-6, atol: 2e-38 });
  });

  test.each(rounding)("%s is exact for halves, large numbers and special values", async (op) => {
    const halves = Array.from({ length: 200 }, (_, i) => (i - 100) / 4);
    const values = [...SPECIAL, ...WIDE, ...halves, 0.49999997, 8388607.5, -8388606.5, 8388609, 2147483648, -1e18];
    const x = data("float32", [values.length], values);
    const [got, expected] = await both(gpu, [x, data("float32", x.shape, () => 7)], (b, a, out) => b.unary(op, a, out));
    expectSame(got, expected);
  });

  test.each(["sin", "cos"] as const)("%s is within 3e-7 for angles of any size", async (op) => {
    const turns = Array.from({ length: 400 }, (_, i) => (i - 200) * (Math.PI / 2) * (1 + (i % 7) * 1000));
    const values = [...SPECIAL, ...WIDE, ...NEAR_ONE, ...turns, 1e5, 123456.789, 2 ** 31, -1e18, 3.4e38];
    const x = data("float32", [values.length], values);
    const [got, expected] = await both(gpu, [x, data("float32", x.shape, () => 7)], (b, a, out) => b.unary(op, a, out));
    expectClose(got, expected, { rtol: 0, atol: 3e-7 });
    // Beside 0 relative to the result: sin keeps small angles.
    const small = data("float32", [5], [1e-3, -1e-5, 1e-30, 3.1415925, -6.2831855]);
    const [near, exact] = await both(gpu, [small, data("float32", small.shape, () => 7)], (b, a, out) => b.unary(op, a, out));
    expectClose(near, exact, { rtol: 3e-7, atol: 2e-38 });
  });

  test("rsqrt is within 1e-6 of the reference, infinite at zeros and NaN below", async () => {
    const x = data("float32", [SPECIAL.length + WIDE.length], [...SPECIAL, ...WIDE]);
    const [got, expected] = await both(gpu, [x, data("float32", x.shape, () => 7)], (b, a, out) => b.unary("rsqrt", a, out));
    expectClose(got, expected, { rtol: 1e-6, atol: 2e-38 });
  });

  test.each(["neg", "abs"] as const)("%s of int32 is exact", async (op) => {
    const x = data("int32", [5], [0, -3, 7, 2147483647, -2147483647]);
    const [got, expected] = await both(gpu, [x, data("int32", [5], () => 9)], (b, a, out) => b.unary(op, a, out));
    expectSame(got, expected);
  });

  test("works in place, and between offsets without touching the neighbours", async () => {
    const x = data("float32", [7], (i) => i - 3, { length: 20, offset: 5 });
    const [inPlace, expectedInPlace] = await both(gpu, [x], (b, a) => b.unary("relu", a, a));
    expectSame(inPlace, expectedInPlace);
    const out = data("float32", [7], () => -1, { length: 16, offset: 3 });
    const [moved, expectedMoved] = await both(gpu, [x, out], (b, a, o) => b.unary("neg", a, o));
    expectSame(moved, expectedMoved);
    const [shifted, expectedShifted] = await both(gpu, [x], (b, a) => b.unary("abs", a, { ...a, offset: 12 }));
    expectSame(shifted, expectedShifted);
  });

  test("NaN comes through every function", async () => {
    const x = data("float32", [3], [Number.NaN, -Number.NaN, Number.NaN]);
    for (const op of [...ops, "floor", "ceil", "round", "sin", "cos", "rsqrt"] as const) {
      const [got] = await both(gpu, [x, x], (b, a, out) => b.unary(op, a, out));
      expect([...got]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    }
  });
});

describe("binary", () => {
  const arithmetic: BinaryOp[] = ["add", "sub", "mul", "div", "minimum", "maximum", "reluGrad", "sigmoidGrad", "tanhGrad"];
  const comparisons: BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
  const pairs = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b] as const));
  const left = data(
    "float32",
    [pairs.length],
    pairs.map(([a]) => a),
  );
  const right = data(
    "float32",
    [pairs.length],
    pairs.map(([, b]) => b),
  );

  test.each(arithmetic)("%s agrees with the reference on all pairs of special values", async (op) => {
    // The gradient helpers take a function's output, which is never so large that its square overflows.
    const y = op.endsWith("Grad") ? data("float32", right.shape, (i) => Math.max(-10, Math.min(10, right.values[i] as number))) : right;
    const [got, expected] = await both(gpu, [left, y, left], (b, x, z, out) => b.binary(op, x, z, out));
    expectClose(got, expected, { rtol: 3e-7, atol: 2e-38 });
  });

  test.each(comparisons)("%s is exact on all pairs of special values, NaN among them", async (op) => {
    const [got, expected] = await both(gpu, [left, right, data("bool", left.shape, () => 0)], (b, x, y, out) => b.binary(op, x, y, out));
    expectSame(got, expected);
  });

  test("pow agrees with the reference for all kinds of bases and exponents", async () => {
    const bases = [...SPECIAL, 1.5, -1.5, 0.999, 1.0001, 7, 12.5, 0.01, -3];
    const exponents = [...SPECIAL, 1.5, -1.5, 2.5, 3, 4, 5, -3, 16, 17, -17, 33, 0.25, 1e-3, 100, 1e5];
    const all = bases.flatMap((a) => exponents.map((b) => [a, b] as const));
    const x = data(
      "float32",
      [all.length],
      all.map(([a]) => a),
    );
    const y = data(
      "float32",
      [all.length],
      all.map(([, b]) => b),
    );
    const [got, expected] = await both(gpu, [x, y, x], (b, p, q, out) => b.binary("pow", p, q, out));
    expectClose(got, expected, { rtol: 3e-6, atol: 2e-38 });
  });

  test("binaryCrossEntropy is bounded where a probability is 0 or 1, and precise near both", async () => {
    const p = [0, 1, 1e-30, 1e-7, 0.1, 0.5, 0.9, 1 - 2 ** -20, Number.NaN];
    const x = data(
      "float32",
      [p.length, 3],
      p.flatMap((v) => [v, v, v]),
    );
    const y = data(
      "float32",
      [p.length, 3],
      p.flatMap(() => [0, 1, 0.3]),
    );
    const [got, expected] = await both(gpu, [x, y, x], (b, a, t, out) => b.binary("binaryCrossEntropy", a, t, out));
    expectClose(got, expected, { rtol: 1e-6, atol: 1e-29 }); // in double, 1 - 1e-30 is 1
  });

  test.each([...arithmetic.slice(0, 6), "pow", ...comparisons] as const)(
    "%s of int32 is exact, overflow and division by 0 included",
    async (op) => {
      const numbers = [0, 1, -1, 2, 3, -7, 12, 100, 2147483647, -2147483648];
      const small = op === "pow" ? [0, 1, 2, 3, -1, -2, 5] : numbers;
      const all = (op === "pow" ? small : numbers).flatMap((a) => small.map((b) => [a, b] as const));
      const x = data(
        "int32",
        [all.length],
        all.map(([a]) => a),
      );
      const y = data(
        "int32",
        [all.length],
        all.map(([, b]) => b),
      );
      const out = data(comparisons.includes(op) ? "bool" : "int32", x.shape, () => 0);
      const [got, expected] = await both(gpu, [x, y, out], (b, p, q, o) => b.binary(op, p, q, o));
      expectSame(got, expected);
    },
  );

  test("broadcasts, transposes and reverses operands of any rank", async () => {
    const shape = [2, 1, 3, 2, 1, 2, 3, 2, 2, 1];
    const a = data("float32", shape, noise(3), { length: 600, strides: [144, 0, 48, 24, 7, 12, 4, 2, 1, 0], offset: 9 });
    const b = data("float32", shape, noise(4), { length: 400, strides: [0, 5, -20, 0, 3, 31, 1, 0, -2, 9], offset: 300 });
    const out = data("float32", shape, () => 0, { length: 300, offset: 3 });
    const [got, expected] = await both(gpu, [a, b, out], (k, x, y, o) => k.binary("sub", x, y, o));
    expectSame(got, expected);
  });

  test("takes a number on either side, in every dtype", async () => {
    for (const [dtype, number] of [
      ["float32", 0.1],
      ["int32", -3],
      ["bool", 1],
    ] as const) {
      const x = data(dtype, [3, 2], [0, 1, 1, 0, 1, 0], { strides: [1, 3] });
      const compared = data("bool", [3, 2], () => 1);
      for (const call of [
        (b: Parameters<Parameters<typeof both>[2]>[0], p: Operand, o: Operand) => b.binary("le", p, number, o),
        (b: Parameters<Parameters<typeof both>[2]>[0], p: Operand, o: Operand) => b.binary("lt", number, p, o),
      ]) {
        const [got, expected] = await both(gpu, [x, compared], call);
        expectSame(got, expected);
      }
      if (dtype === "bool") continue;
      const [got, expected] = await both(gpu, [x, data(dtype, [3, 2], () => 0)], (b, p, o) => b.binary("sub", number, p, o));
      expectSame(got, expected);
    }
  });

  test("writes into either operand, into both at once, and into one whose memory the other reads differently", async () => {
    const a = data("float32", [4, 4], noise(5));
    const b = data("float32", [4, 4], noise(6));
    const cases = [
      await both(gpu, [b, a], (k, y, x) => k.binary("sub", x, y, x)),
      await both(gpu, [b, a], (k, y, x) => k.binary("sub", y, x, x)),
      await both(gpu, [a], (k, x) => k.binary("add", x, x, x)),
      await both(gpu, [a], (k, x) => k.binary("sub", 1, x, x)),
      await both(gpu, [a], (k, x) => k.binary("mul", x, 3, x)),
      await both(gpu, [b, a], (k, y, x) => k.binary("sub", y, { ...x, strides: [0, 0], offset: 5 }, y)),
    ];
    for (const [got, expected] of cases) expectSame(got, expected);
    const transposed = data("float32", [4, 4], noise(5), { strides: [1, 4] });
    const [got] = await both(gpu, [a], (k, x) => k.binary("add", x, { ...x, strides: [1, 4] }, x));
    const [expected] = await both(gpu, [a, transposed, a], (k, x, t, out) => k.binary("add", x, t, out));
    expectSame(got, expected);
  });
});

describe("where", () => {
  test("picks from strided operands and numbers, NaN and infinities untouched", async () => {
    const condition = data("bool", [3, 4], [1, 0, 1, 0], { strides: [0, 1] });
    const a = data("float32", [3, 4], [...SPECIAL.slice(0, 11), Number.NaN], { strides: [1, 3] });
    const b = data("float32", [3, 4], noise(7), { length: 40, strides: [4, -1], offset: 30 });
    const out = data("float32", [3, 4], () => 0, { length: 20, offset: 2 });
    const calls = [
      await both(gpu, [condition, a, b, out], (k, c, x, y, o) => k.where(c, x, y, o)),
      await both(gpu, [condition, a, out], (k, c, x, o) => k.where(c, x, -0.5, o)),
      await both(gpu, [condition, a, out], (k, c, x, o) => k.where(c, Number.NaN, x, o)),
    ];
    for (const [got, expected] of calls) expectSame(got, expected);
  });

  test("picks integers and bools", async () => {
    const condition = data("bool", [4], [1, 0, 1, 0]);
    for (const dtype of ["int32", "bool"] as const) {
      const x = data(dtype, [4], [1, 1, 0, 0]);
      const [got, expected] = await both(gpu, [condition, x, x], (k, c, a, out) => k.where(c, a, 1, out));
      expectSame(got, expected);
    }
  });
});
