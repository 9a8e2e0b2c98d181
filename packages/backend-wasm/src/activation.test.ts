import type { Activation } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { wasm } from "../test/kernels";
import { contents, numbers, operand, output } from "../test/operands";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const SCALE = 2 * Math.sqrt(2 / Math.PI);

/** Functions and slopes; the error function is not in JavaScript, so that `gelu` has golden values in the conformance suite. */
const CURVES: Readonly<Record<Exclude<Activation, "gelu">, readonly [value: (x: number) => number, slope: (x: number) => number]>> = {
  geluTanh: [
    (x) => x * sigmoid(SCALE * (x + 0.044715 * x ** 3)),
    (x) => {
      const s = sigmoid(SCALE * (x + 0.044715 * x ** 3));
      return s + x * s * (1 - s) * SCALE * (1 + 3 * 0.044715 * x * x);
    },
  ],
  silu: [(x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
};

test.each(["geluTanh", "silu"] as const)("%s and its gradient are right at every length, over their operands too", (kind) => {
  const [value, slope] = CURVES[kind];
  for (const n of [1, 3, 4, 5, 64, 1027]) {
    const data = numbers(n, n, false);
    const [x, grad, out] = [operand(wasm, data, [n], undefined, 1), operand(wasm, data, [n], undefined, 2), output(wasm, "float32", [n])];
    wasm.activation(kind, x, out);
    contents(wasm, out).forEach((y, i) => {
      expect(Math.abs(y - value(data[i] as number))).toBeLessThan(2e-6);
    });
    wasm.activationGrad(kind, x, grad, grad);
    contents(wasm, grad).forEach((y, i) => {
      expect(Math.abs(y - (data[i] as number) * slope(data[i] as number))).toBeLessThan(8e-6);
    });
    wasm.activation(kind, x, x);
    expect(contents(wasm, x)).toEqual(contents(wasm, out));
  }
});

test("gelu is x far above 0 and 0 far below, and half of x plus an even function", () => {
  const data = Float32Array.of(-40, -5.6, -1, 0, 1, 5.6, 40, Number.NaN);
  const [x, out] = [operand(wasm, data, [8]), output(wasm, "float32", [8])];
  wasm.activation("gelu", x, out);
  const y = [...contents(wasm, out)];
  expect(y.slice(0, 2)).toEqual([-0, -0]);
  expect(y[4]).toBeCloseTo(0.8413447460685429, 6);
  expect((y[2] as number) - (y[4] as number)).toBeCloseTo(-1, 6);
  expect(y.slice(5)).toEqual([Math.fround(5.6), 40, Number.NaN]);
});
