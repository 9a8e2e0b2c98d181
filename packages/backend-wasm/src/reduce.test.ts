import type { ReduceOp } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { both, expectClose, wasm } from "../test/kernels";
import { contents, numbers, operand } from "../test/operands";

test.each<ReduceOp>(["sum", "amax", "amin", "argmax"])("reduce %s is the reference's, over rows, columns and long rows", (op) => {
  const cases = [
    [1, 1, 1],
    [3, 7, 1],
    [5, 129, 1],
    [2, 16384, 1],
    [2, 16385, 1],
    [1, 100_003, 1],
    [2, 9, 3],
    [3, 17, 70],
    [1, 300, 33],
  ] as const;
  for (const [outer, size, inner] of cases) {
    for (const specials of [false, true]) {
      const x = operand(wasm, numbers(outer * size * inner, size, specials), [outer, size, inner], undefined, 2);
      expectClose(
        both(op === "argmax" ? "int32" : "float32", [outer, inner], (kernels, out) => kernels.reduce(op, x, out, outer, size, inner)),
        2e-7,
        4 * Math.sqrt(size), // terms are up to 4, and partly cancel in sums
      );
      wasm.release(x.storage.handle);
    }
  }
  if (op === "sum") {
    const x = operand(wasm, new Float32Array(0), [4, 0, 3]);
    expectClose(
      both("float32", [4, 3], (kernels, out) => kernels.reduce("sum", x, out, 4, 0, 3)),
      0,
    );
  }
});

test.each([false, true])("softmax and its gradient (log: %s) are the reference's, over rows and columns", (log) => {
  for (const [outer, size, inner] of [
    [1, 1, 1],
    [3, 10, 1],
    [2, 257, 1],
    [2, 5, 3],
    [2, 6, 9],
  ] as const) {
    const count = outer * size * inner;
    const shape = [outer, size, inner];
    const x = operand(wasm, numbers(count, 3, false), shape, undefined, 1);
    const y = both("float32", shape, (kernels, out) => kernels.softmax(log, x, out, outer, size, inner));
    // The rounding of x - max x, up to 8 here, is a relative error of its exponential.
    expectClose(y, log ? 3e-7 : 6e-7, log ? 1 : 1e-3);
    const [yOperand, grad] = [operand(wasm, y[1], shape), operand(wasm, numbers(count, 9, false), shape, undefined, 3)];
    const gradient = both("float32", shape, (kernels, out) => kernels.softmaxGrad(log, yOperand, grad, out, outer, size, inner));
    expectClose(gradient, 1e-6, 1);
    wasm.softmaxGrad(log, yOperand, grad, grad, outer, size, inner); // over its input
    expect(contents(wasm, grad)).toEqual(gradient[0]);
    wasm.softmax(log, x, x, outer, size, inner);
    expect(contents(wasm, x)).toEqual(y[0]);
  }
});

test("softmax of large, infinite and NaN logits is the reference's", () => {
  const rows = [
    [1e30, 1e30, -1e30, 0, 3],
    [Number.NEGATIVE_INFINITY, 0, 1, 2, 3],
    [Number.POSITIVE_INFINITY, 0, 1, 2, 3],
    [Number.NaN, 0, 1, 2, 3],
    new Array<number>(5).fill(Number.NEGATIVE_INFINITY),
  ];
  const x = operand(wasm, Float32Array.from(rows.flat()), [5, 5, 1]);
  for (const log of [false, true]) {
    expectClose(
      both("float32", [5, 5], (kernels, out) => kernels.softmax(log, x, out, 5, 5, 1)),
      3e-7,
    );
  }
});
