import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, contiguousStrides, data, expectClose, noise } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const SIZES = [
  [1, 1, 1],
  [1, 5, 1],
  [7, 3, 5],
  [32, 32, 32],
  [33, 10, 65],
  [70, 300, 9],
  [3, 0, 4],
  [257, 20, 260],
  [300, 275, 330],
  [64, 16, 1024],
  [31, 40, 3000],
] as const;

/** Which of the two operands are stored by columns. */
const ORIENTATIONS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Strides of a matrix stored by rows or by columns. */
const strides = (rows: number, columns: number, transposed: boolean) => (transposed ? [1, rows] : [columns, 1]);

describe("matmul", () => {
  test.each(SIZES)("[%i, %i] x [., %i] agrees with the reference in all orientations", async (m, k, n) => {
    for (const [ta, tb] of ORIENTATIONS) {
      const a = data("float32", [m, k], noise(1), { strides: strides(m, k, ta), offset: 2, length: m * k + 2 });
      const b = data("float32", [k, n], noise(2), { strides: strides(k, n, tb), offset: 1, length: k * n + 1 });
      const out = data("float32", [m, n], () => 3, { offset: 5, length: m * n + 6 });
      const [got, expected] = await both(gpu, [a, b, out], (x, p, q, o) => x.matmul(p, q, o));
      expectClose(got, expected, { atol: 1e-6 * (k ** 0.5 + 1) });
    }
  });

  test.each([
    [256, 64, 256],
    [128, 784, 516],
    [132, 270, 512],
  ] as const)(
    "[%i, %i] x [., %i], read by vectors and cut along the inner dimension, agrees in all orientations, with a bias and in a batch",
    async (m, k, n) => {
      for (const [ta, tb] of ORIENTATIONS) {
        const a = data("float32", [2, m, k], noise(1), { strides: [m * k, ...strides(m, k, ta)], length: 2 * m * k });
        const b = data("float32", [2, k, n], noise(2), { strides: [0, ...strides(k, n, tb)], length: k * n });
        const [got, expected] = await both(gpu, [a, b, data("float32", [2, m, n], () => 3)], (x, p, q, o) => x.matmul(p, q, o));
        expectClose(got, expected, { atol: 1e-6 * k ** 0.5 });
      }
      const operands = [data("float32", [m, k], noise(3)), data("float32", [n, k], noise(4)), data("float32", [n], noise(5))] as const;
      const [sum, expectedSum] = await both(gpu, [...operands, data("float32", [m, n], () => 3)], (x, p, w, c, o) => x.linear(p, w, c, o));
      expectClose(sum, expectedSum, { atol: 1e-6 * k ** 0.5 });
    },
  );

  test("rows may be longer than the matrix is wide", async () => {
    const a = data("float32", [5, 4], noise(3), { strides: [9, 1], offset: 1, length: 60 });
    const b = data("float32", [4, 6], noise(4), { strides: [1, 7], length: 60 });
    const [got, expected] = await both(gpu, [a, b, data("float32", [5, 6], () => 0)], (x, p, q, o) => x.matmul(p, q, o));
    expectClose(got, expected, { atol: 2e-6 });
  });

  test("goes through a batch, and repeats one matrix where its stride is 0", async () => {
    for (const repeat of ["none", "a", "b"]) {
      const a = data("float32", [5, 6, 7], noise(5), { strides: repeat === "a" ? [0, 7, 1] : [42, 1, 6], length: 210 });
      const b = data("float32", [5, 7, 3], noise(6), { strides: repeat === "b" ? [0, 1, 7] : contiguousStrides([5, 7, 3]), length: 105 });
      const [got, expected] = await both(gpu, [a, b, data("float32", [5, 6, 3], () => 0)], (x, p, q, o) => x.matmul(p, q, o));
      expectClose(got, expected, { atol: 2e-6 });
    }
  });

  test("a long inner dimension keeps its digits", async () => {
    const k = 200_000;
    const ones = data("float32", [1, k], () => 0.1);
    const [got, expected] = await both(gpu, [ones, data("float32", [k, 1], () => 1), data("float32", [1, 1], [0])], (x, p, q, o) =>
      x.matmul(p, q, o),
    );
    expectClose(got, expected, { rtol: 1e-5 });
    // Beyond one dispatch's share: the bias is added once.
    const [withBias, expectedWithBias] = await both(
      gpu,
      [ones, data("float32", [1, k], () => 1), data("float32", [1], [500]), data("float32", [1, 1], [0])],
      (x, p, w, c, o) => x.linear(p, w, c, o),
    );
    expectClose(withBias, expectedWithBias, { rtol: 1e-5 });
  });

  test("NaN and infinities reach only the rows and columns they are in", async () => {
    const a = data("float32", [5, 3], (i) => (i === 7 ? Number.NaN : i === 0 ? Number.POSITIVE_INFINITY : 1));
    const [got, expected] = await both(gpu, [a, data("float32", [3, 5], () => 1), data("float32", [5, 5], () => 0)], (x, p, q, o) =>
      x.matmul(p, q, o),
    );
    expectClose(got, expected);
  });
});

describe("linear", () => {
  test.each([
    [3, 4, 5],
    [64, 10, 20],
    [50, 300, 33],
  ] as const)("of %i rows, %i in, %i out, with and without bias", async (m, k, n) => {
    const x = data("float32", [m, k], noise(7));
    const weight = data("float32", [n, k], noise(8));
    const bias = data("float32", [n], noise(9), { length: n + 4, offset: 4 });
    const out = data("float32", [m, n], () => 0);
    const [got, expected] = await both(gpu, [x, weight, bias, out], (b, p, w, c, o) => b.linear(p, w, c, o));
    expectClose(got, expected, { atol: 1e-6 * (k ** 0.5 + 1) });
    const [bare, expectedBare] = await both(gpu, [x, weight, out], (b, p, w, o) => b.linear(p, w, null, o));
    expectClose(bare, expectedBare, { atol: 1e-6 * (k ** 0.5 + 1) });
    expect([...bare]).not.toEqual([...got]);
  });
});
