import type { DType, TypedArray } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { both, expectClose, reference, wasm } from "../test/kernels";
import { contents, numbers, operand, output } from "../test/operands";

/** Data of a dtype, with the specials where it has them. */
const dataOf = (dtype: DType, length: number): TypedArray =>
  dtype === "float32"
    ? numbers(length, length)
    : dtype === "int32"
      ? Int32Array.from(numbers(length, 5, false))
      : Uint8Array.from({ length }, (_, i) => ((i * 7) % 3) & 1);

test.each<[shape: number[], strides: number[]]>([
  [[7], [1]],
  [
    [5, 9],
    [1, 5],
  ],
  [
    [65, 70],
    [1, 65],
  ],
  [
    [33, 4, 5],
    [5, 165, 1],
  ],
  [
    [3, 7, 5, 4],
    [140, 4, 28, 1],
  ],
  [
    [4, 3, 6, 7],
    [126, 1, 21, 3],
  ],
  [
    [6, 5],
    [0, 1],
  ],
  [
    [6, 5],
    [1, 0],
  ],
  [
    [4, 3],
    [9, 2],
  ],
  [
    [1, 1],
    [3, 3],
  ],
  [
    [2, 0],
    [5, 1],
  ],
])("copy of %j with strides %j moves every bit, of float32 and int32", (shape, strides) => {
  const length = 4750;
  for (const dtype of ["float32", "int32"] as const) {
    const x = operand(wasm, dataOf(dtype, length), shape, strides, 3);
    const [mine, theirs] = both(dtype, shape, (kernels, out) => kernels.copy(x, out));
    expect(mine).toEqual(theirs);
  }
});

test("copy goes into strided memory, and converts", () => {
  const x = operand(wasm, numbers(35, 3), [5, 7]);
  const [mine, theirs] = [0, 1].map(() => operand(wasm, new Float32Array(120), [5, 7], [2, 11], 1));
  wasm.copy(x, mine as never);
  reference.copy(x, theirs as never);
  expect(wasm.view((mine as never as { storage: never }).storage)).toEqual(wasm.view((theirs as never as { storage: never }).storage));
  const flags = operand(wasm, Uint8Array.of(1, 0, 1), [3]);
  const out = output(wasm, "float32", [3]);
  wasm.copy(flags, out);
  expect([...contents(wasm, out)]).toEqual([1, 0, 1]);
});

/** Shapes, and the strides of a condition and of two choices. */
const ROWS: readonly [shape: number[], steps: [number[], number[], number[]]][] = [
  [[131], [[1], [1], [1]]],
  [
    [6, 9],
    [
      [9, 1],
      [0, 1],
      [9, 1],
    ],
  ],
  [
    [6, 9],
    [
      [0, 1],
      [9, 1],
      [1, 6],
    ],
  ],
  [
    [3, 4, 5],
    [
      [20, 5, 1],
      [0, 0, 0],
      [5, 15, 1],
    ],
  ],
];

test("where chooses by every kind of row, with numbers on either side", () => {
  for (const [shape, steps] of ROWS) {
    const condition = operand(wasm, dataOf("bool", 140), shape, steps[0], 2);
    const a = operand(wasm, numbers(140, 1), shape, steps[1], 1);
    const b = operand(wasm, numbers(140, 2), shape, steps[2], 3);
    for (const [x, y] of [
      [a, b],
      [2.5, b],
      [a, -0],
    ] as const) {
      expectClose(
        both("float32", shape, (kernels, out) => kernels.where(condition, x, y, out)),
        0,
      );
    }
  }
});

test.each<[shape: [number, number, number], count: number, steps: number[]]>([
  [[2, 9, 3], 5, [15, 3, 1]],
  [[1, 9, 70], 40, [0, 1, 0]],
  [[3, 4, 1], 1, [1, 1, 1]],
  [[2, 3, 0], 4, [4, 1, 0]],
])("gather and scatterAdd of %j and %i places are the reference's", (shape, count, steps) => {
  const [outer, along, inner] = shape;
  const index = operand(
    wasm,
    Int32Array.from({ length: 200 }, (_, i) => (i * 5) % along),
    [outer, count, inner],
    steps,
    1,
  );
  const x = operand(wasm, numbers(outer * along * inner, 4), shape, undefined, 2);
  expectClose(
    both("float32", [outer, count, inner], (kernels, out) => kernels.gather(x, index, out)),
    0,
  );
  const added = operand(wasm, numbers(outer * count * inner, 4, false), [outer, count, inner], undefined, 1);
  expectClose(
    both("float32", shape, (kernels, out) => {
      reference.fill(out, 0.5);
      kernels.scatterAdd(index, added, out);
    }),
    1e-6,
    1,
  );
});

test("an index that is not there is named, and nothing is written", () => {
  const x = operand(wasm, numbers(12, 1, false), [1, 4, 3]);
  for (const place of [4, -1]) {
    const index = operand(wasm, Int32Array.of(0, place), [1, 2, 3], [0, 1, 0]);
    const out = output(wasm, "float32", [1, 2, 3]);
    reference.fill(out, 7);
    expect(() => wasm.gather(x, index, out)).toThrow(`gather: expected indices in [0, 4), got ${place}`);
    const sums = operand(wasm, new Float32Array(12), [1, 4, 3]);
    expect(() => wasm.scatterAdd(index, out, sums)).toThrow(`scatterAdd: expected indices in [0, 4), got ${place}`);
    expect(new Set([...contents(wasm, out), ...contents(wasm, sums)])).toEqual(new Set([7, 0]));
  }
});
