import type { ReduceOp } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, contents, data, expectClose, expectSame, noise, place } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const SHAPES = [
  [1, 1, 1],
  [1, 7, 1],
  [3, 5, 2],
  [2, 64, 3],
  [2, 65, 3],
  [5, 1000, 1],
  [1, 5000, 4],
  [1, 70_000, 1],
] as const;

const resultOf = (op: ReduceOp, dtype: "float32" | "int32" | "bool") =>
  op === "argmax" || (op === "sum" && dtype === "bool") ? "int32" : dtype;

describe("reduce", () => {
  test.each(SHAPES)("sum over the middle of [%i, %i, %i] is within 1e-6 of the sum of magnitudes", async (outer, size, inner) => {
    const x = data("float32", [outer, size, inner], noise(1), { length: outer * size * inner + 3, offset: 3 });
    const out = data("float32", [outer, inner], () => 5, { length: outer * inner + 2, offset: 1 });
    const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.reduce("sum", a, o, outer, size, inner));
    expectClose(got, expected, { atol: 1e-7 * size ** 0.5 + 1e-6 });
  });

  test("the sum of a million equal or positive elements is within 1e-5 of itself", async () => {
    for (const f of [() => 0.1, (i: number) => Math.abs(noise(2)(i))]) {
      const x = data("float32", [1, 1_000_000, 1], f);
      const [got, expected] = await both(gpu, [x, data("float32", [1, 1], () => 0)], (b, a, o) => b.reduce("sum", a, o, 1, 1_000_000, 1));
      expectClose(got, expected, { rtol: 1e-6 });
    }
  });

  test.each(["amax", "amin", "argmax"] as const)("%s is exact for every shape and dtype, with ties", async (op) => {
    for (const [outer, size, inner] of SHAPES) {
      for (const dtype of ["float32", "int32", "bool"] as const) {
        const draw = noise(3);
        const levels = dtype === "bool" ? (i: number) => Number(draw(i) > 0.9) : (i: number) => Math.floor(draw(i) * 500);
        const x = data(dtype, [outer, size, inner], levels);
        const out = data(resultOf(op, dtype), [outer, inner], () => 0, { length: outer * inner + 1, offset: 1 });
        const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.reduce(op, a, o, outer, size, inner));
        expectSame(got, expected);
      }
    }
  });

  test.each(["amax", "amin", "argmax", "sum"] as const)("%s takes NaN for the extreme, and infinities as they are", async (op) => {
    const inf = Number.POSITIVE_INFINITY;
    for (const size of [5, 3000]) {
      const rows = [
        [1, Number.NaN, 3, Number.NaN, 2],
        [inf, 1, 2, 3, 4],
        [-inf, 1, 2, 3, -4],
        [inf, -inf, 0, 0, 0],
        [-0, 0, -0, 0, 0],
        [-1, -2, -3, -4, -5],
      ];
      const x = data("float32", [rows.length, size, 1], (i) => (rows[Math.floor(i / size)] as number[])[(i % size) % 5] as number);
      const out = data(resultOf(op, "float32"), [rows.length, 1], () => 7);
      const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.reduce(op, a, o, rows.length, size, 1));
      expectClose(got, expected, { rtol: 1e-6 });
    }
  });

  test("sums integers with wrap-around and counts bools", async () => {
    const x = data("int32", [1, 300, 2], (i) => 2 ** 30 + i);
    const [got, expected] = await both(gpu, [x, data("int32", [1, 2], () => 0)], (b, a, o) => b.reduce("sum", a, o, 1, 300, 2));
    expectSame(got, expected);
    const flags = data("bool", [2, 500, 1], (i) => Number(i % 3 === 0));
    const [count, expectedCount] = await both(gpu, [flags, data("int32", [2, 1], () => 0)], (b, a, o) => b.reduce("sum", a, o, 2, 500, 1));
    expectSame(count, expectedCount);
  });

  test("the sum of nothing is 0", async () => {
    const [got] = await both(gpu, [data("float32", [3, 0, 2], []), data("float32", [3, 2], () => 9)], (b, a, o) =>
      b.reduce("sum", a, o, 3, 0, 2),
    );
    expect([...got]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("gives the same bits on every run", async () => {
    const x = place(gpu, data("float32", [1, 100_000, 1], noise(4)));
    const results = new Set<number>();
    for (let run = 0; run < 3; run++) {
      const out = place(gpu, data("float32", [1, 1], [0]));
      gpu.reduce("sum", x, out, 1, 100_000, 1);
      results.add((await contents(gpu, out))[0] as number);
    }
    expect(results.size).toBe(1);
  });
});

describe("softmax", () => {
  const shapes = [
    [4, 10, 1],
    [3, 1000, 2],
    [2, 1025, 1],
    [1, 3000, 2],
  ] as const;

  test.each(shapes)("of [%i, %i, %i], its logarithm and both gradients agree with the reference", async (outer, size, inner) => {
    const shape = [outer, size, inner];
    const x = data("float32", shape, (i) => 20 * noise(5)(i));
    const grad = data("float32", shape, noise(6));
    for (const log of [false, true]) {
      const [y, expected] = await both(gpu, [x, data("float32", shape, () => 0)], (b, a, o) => b.softmax(log, a, o, outer, size, inner));
      expectClose(y, expected, { rtol: 3e-6, atol: 2e-6 });
      const [inPlace] = await both(gpu, [x], (b, a) => b.softmax(log, a, a, outer, size, inner));
      expectSame(inPlace, y);
      const out = data("float32", shape, expected);
      const [g, expectedGrad] = await both(gpu, [out, grad, grad], (b, p, q, o) => b.softmaxGrad(log, p, q, o, outer, size, inner));
      expectClose(g, expectedGrad, { rtol: 1e-5, atol: 3e-6 });
      const [gInPlace] = await both(gpu, [out, grad], (b, p, q) => b.softmaxGrad(log, p, q, q, outer, size, inner));
      expectSame(gInPlace, g);
    }
  });

  test("large inputs do not overflow, and NaN or nothing but -Infinity gives NaN", async () => {
    const x = data(
      "float32",
      [4, 3, 1],
      [1e38, -1e38, 0, 500, 501, -500, Number.NaN, 0, 0, ...new Array(3).fill(Number.NEGATIVE_INFINITY)],
    );
    for (const log of [false, true]) {
      const [got, expected] = await both(gpu, [x, data("float32", [4, 3, 1], () => 0)], (b, a, o) => b.softmax(log, a, o, 4, 3, 1));
      expectClose(got, expected, { rtol: 1e-6 });
    }
  });
});
