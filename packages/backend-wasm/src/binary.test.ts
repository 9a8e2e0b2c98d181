import type { BinaryOp, Operand } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { both, expectClose, LENGTHS, wasm } from "../test/kernels";
import { contents, numbers, operand } from "../test/operands";

const COMPARISONS: BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const BINARY: [BinaryOp, number][] = [
  ...(["add", "sub", "mul", "div", "minimum", "maximum", "reluGrad", ...COMPARISONS] as const).map((op): [BinaryOp, number] => [op, 0]),
  ["sigmoidGrad", 4e-7],
  ["tanhGrad", 4e-7],
  ["pow", 0],
];

test.each(BINARY)("binary %s is the reference's within %f, for every kind of row", (op, relative) => {
  const dtype = COMPARISONS.includes(op) ? "bool" : "float32";
  // A function's output lies in [0, 1]; the others take anything.
  const b = relative > 0 ? numbers(4000, 5, false).map((x) => Math.abs(x) / 5) : numbers(4000, 5);
  const data = [operand(wasm, numbers(4000, 3), [4000]), operand(wasm, b, [4000])] as const;
  const view = (which: 0 | 1, shape: number[], strides: number[], offset = 0): Operand => ({ ...data[which], shape, strides, offset });
  const cases: [number[], number[], number[]][] = [
    ...LENGTHS.map((n): [number[], number[], number[]] => [[n], [1], [1]]),
    [
      [37, 21],
      [21, 1],
      [0, 1],
    ], // a row added to every row
    [
      [37, 21],
      [21, 1],
      [1, 0],
    ], // a number for each row
    [
      [37, 21],
      [1, 0],
      [0, 1],
    ], // both broadcast
    [
      [37, 21],
      [1, 37],
      [21, 1],
    ], // one transposed
    [
      [70, 3],
      [3, 1],
      [1, 70],
    ],
    [
      [2, 3, 4, 5],
      [60, 20, 5, 1],
      [0, 5, 0, 1],
    ],
    [
      [2, 1, 3, 1, 4],
      [12, 7, 4, 9, 1],
      [12, 0, 4, 0, 1],
    ],
    [
      [3, 130],
      [0, 2],
      [0, 3],
    ], // steps of neither 0 nor 1, longer than what is gathered at a time
    [[], [], []],
    [
      [0, 5],
      [5, 1],
      [5, 1],
    ],
  ];
  for (const [shape, stridesA, stridesB] of cases) {
    expectClose(
      both(dtype, shape, (kernels, out) => kernels.binary(op, view(0, shape, stridesA, 2), view(1, shape, stridesB, 1), out)),
      relative,
    );
  }
  for (const constant of [0, -1.5, 0.3, Number.NaN]) {
    expectClose(
      both(dtype, [5, 9], (kernels, out) => kernels.binary(op, view(0, [5, 9], [9, 1]), constant, out)),
      relative,
    );
    expectClose(
      both(dtype, [5, 9], (kernels, out) => kernels.binary(op, constant, view(1, [5, 9], [1, 5]), out)),
      relative,
    );
  }
});

test("binary may write over either contiguous operand", () => {
  const make = (seed: number) => operand(wasm, numbers(131, seed), [131]);
  const [a, b] = [make(1), make(2)];
  const expected = both("float32", [131], (kernels, out) => kernels.binary("sub", a, b, out))[1];
  for (const which of [0, 1]) {
    const pair = [make(1), make(2)] as const;
    wasm.binary("sub", pair[0], pair[1], pair[which] as Operand);
    expect(contents(wasm, pair[which] as Operand)).toEqual(expected);
  }
});
