import { test } from "vitest";
import { both, expectClose, wasm } from "../test/kernels";
import { numbers, operand } from "../test/operands";

test("matmul is the reference's for every orientation, odd sizes, batches and repeated matrices", () => {
  const sizes = [
    [1, 1, 1],
    [1, 7, 1],
    [1, 300, 50],
    [5, 256, 8],
    [6, 257, 9],
    [13, 30, 70],
    [131, 20, 65],
    [2, 0, 3],
  ] as const;
  for (const [m, k, n] of sizes) {
    for (const batches of [1, 3]) {
      const a = operand(wasm, numbers(batches * m * k, 3, false), [batches * m * k], undefined, 1);
      const b = operand(wasm, numbers(batches * k * n, 4, false), [batches * k * n], undefined, 2);
      for (const [transposedA, transposedB, repeated] of [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [bits & 1, bits & 2, bits & 4])) {
        const x = { ...a, shape: [batches, m, k], strides: [m * k, ...(transposedA ? [1, m] : [k, 1])] };
        const y = { ...b, shape: [batches, k, n], strides: [repeated ? 0 : k * n, ...(transposedB ? [1, k] : [n, 1])] };
        expectClose(
          both("float32", [batches, m, n], (kernels, out) => kernels.matmul(x, y, out)),
          2e-6,
          4 * Math.sqrt(k + 1),
        );
      }
      for (const { storage } of [a, b]) wasm.release(storage.handle);
    }
  }
});

test("linear is the reference's with and without a bias", () => {
  const [m, k, n] = [33, 300, 21];
  const x = operand(wasm, numbers(m * k, 3, false), [m, k]);
  const weight = operand(wasm, numbers(n * k, 4, false), [n, k]);
  const bias = operand(wasm, numbers(n, 5, false), [n], undefined, 3);
  for (const term of [bias, null]) {
    expectClose(
      both("float32", [m, n], (kernels, out) => kernels.linear(x, weight, term, out)),
      2e-6,
      4 * Math.sqrt(k),
    );
  }
});
