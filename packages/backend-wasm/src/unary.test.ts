import type { UnaryOp } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { both, expectClose, LENGTHS, wasm } from "../test/kernels";
import { contents, numbers, operand } from "../test/operands";

test.each<[UnaryOp, number]>([
  ["neg", 0],
  ["abs", 0],
  ["sqrt", 0],
  ["relu", 0],
  ["exp", 2e-7],
  ["sigmoid", 2e-7],
  ["tanh", 2e-7],
  ...(["log", "log1p", "expm1", "erf", "softplus"] as const).map((op): [UnaryOp, number] => [op, 2.4e-7]),
  ...(["floor", "ceil", "round", "sign"] as const).map((op): [UnaryOp, number] => [op, 0]),
  ["rsqrt", 1.2e-7],
])("unary %s is the reference's within %f, at every length", (op, relative) => {
  for (const length of LENGTHS) {
    const x = operand(wasm, numbers(length, length), [length], undefined, 1);
    expectClose(
      both("float32", [length], (kernels, out) => kernels.unary(op, x, out)),
      relative,
    );
  }
});

test.each<UnaryOp>(["exp", "sigmoid", "tanh"])("unary %s is right from tiny to huge arguments, subnormal results included", (op) => {
  const data = new Float32Array(8001);
  for (let i = 0; i < 4000; i++) {
    data[i] = (i - 2000) * 0.06; // -120 to 120: beyond both ends of exp
    data[4000 + i] = (i % 2 === 0 ? 1 : -1) * 2 ** ((i % 150) - 149);
  }
  data[8000] = 88.722839; // the largest argument with a finite result
  const x = operand(wasm, data, [data.length]);
  expectClose(
    both("float32", [data.length], (kernels, out) => kernels.unary(op, x, out)),
    2e-7,
  );
});

test.each<UnaryOp>(["sin", "cos"])("unary %s is within 1e-7 for angles of any size, far ones beside near ones", (op) => {
  const angles = [0, -0, 1e-30, 0.785398, 8192, 8192.001, 1e5, 2 ** 31, 1e18, 3.4e38, Number.POSITIVE_INFINITY, Number.NaN];
  const data = new Float32Array(6001);
  for (let i = 0; i < 2000; i++) {
    data[3 * i] = (i - 1000) * 8.3;
    data[3 * i + 1] = (i - 1000) * (Math.PI / 2);
    data[3 * i + 2] = (i % 2 === 0 ? 1 : -1) * (angles[i % 12] as number) * (1 + (i >> 4) / 200);
  }
  const x = operand(wasm, data, [data.length]);
  expectClose(
    both("float32", [data.length], (kernels, out) => kernels.unary(op, x, out)),
    1e-7,
    1,
  );
  const [apart] = both("float32", [data.length], (kernels, out) => kernels.unary(op, x, out));
  wasm.unary(op, x, x);
  expect(contents(wasm, x)).toEqual(apart);
});

test("unary may write over its input, and int32 and float64 are served too", () => {
  const x = operand(wasm, numbers(70), [70]);
  const expected = both("float32", [70], (kernels, out) => kernels.unary("relu", x, out))[1];
  wasm.unary("relu", x, x);
  expect(contents(wasm, x)).toEqual(expected);
  const integers = operand(wasm, Int32Array.of(-3, 0, 9), [3]);
  expectClose(
    both("int32", [3], (kernels, out) => kernels.unary("neg", integers, out)),
    0,
  );
  const doubles = operand(wasm, Float64Array.of(-3.5, 1e300), [2]);
  expectClose(
    both("float64", [2], (kernels, out) => kernels.unary("abs", doubles, out)),
    0,
  );
});
