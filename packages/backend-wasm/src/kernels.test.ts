/** Every kernel of the module against the reference kernels, on the same bytes, in the shapes in which kernels go wrong. */
import type { BinaryOp, DropoutSpec, Kernels, OptimizerSpec, ReduceOp, UnaryOp } from "@dropwise/core/backend";
import { type Backend, type DType, layoutOf, type Operand, referenceKernels, type TypedArray } from "@dropwise/core/backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contents, numbers, operand, output } from "../test/operands";
import { createWasmBackend } from "./backend";

let wasm: Backend & Kernels;
let reference: Kernels;

beforeAll(async () => {
  wasm = (await createWasmBackend({ threads: 1 })) as Backend & Kernels;
  reference = referenceKernels((storage) => wasm.view?.(storage) as TypedArray);
});
afterAll(() => wasm.dispose());

/** Runs the same call by the module and by the reference, each into an output of its own. */
function both(dtype: DType, shape: readonly number[], run: (kernels: Kernels, out: Operand) => void): [TypedArray, TypedArray] {
  const [mine, theirs] = [output(wasm, dtype, shape), output(wasm, dtype, shape)];
  run(wasm, mine);
  run(reference, theirs);
  const result: [TypedArray, TypedArray] = [contents(wasm, mine), contents(wasm, theirs)];
  for (const { storage } of [mine, theirs]) wasm.release(storage.handle);
  return result;
}

/** Equal, or within a relative distance; NaN equals NaN, and zeros have signs. `floor` is the magnitude below which the distance is absolute. */
function expectClose([mine, theirs]: readonly TypedArray[], relative: number, floor = 0): void {
  for (const [at, expected] of (theirs as TypedArray).entries()) {
    const value = (mine as TypedArray)[at] as number;
    if (Object.is(value, expected)) continue;
    const distance = Math.abs(value - expected) / Math.max(Math.abs(expected), floor);
    // A subnormal result is rounded to a multiple of 2^-149.
    if (distance <= relative || Math.abs(value - expected) <= 2 ** -149) continue;
    expect.fail(`element ${at}: expected ${expected}, got ${value}, relative distance ${distance}`);
  }
}

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 31, 64, 65, 1027];

test.each<[UnaryOp, number]>([
  ["neg", 0],
  ["abs", 0],
  ["sqrt", 0],
  ["relu", 0],
  ["exp", 2e-7],
  ["sigmoid", 2e-7],
  ["tanh", 2e-7],
  ["log", 0],
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
        1e-7,
        1e-6,
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

const SPEC: DropoutSpec = {
  seedLo: 0x89abcdef,
  seedHi: 0x01234567,
  callLo: 7,
  callHi: 3,
  elementOffset: 0,
  threshold: 0x7fffffc0,
  keepScale: 2,
  keepShift: 0,
  dropValue: 0,
  shape: [],
  maskStrides: [],
};

test("dropout is the reference's, bit for bit: every small length, every residue of the offset, and around the wrap of the low block word", () => {
  const x = operand(wasm, numbers(200), [200], undefined, 1);
  for (let n = 1; n <= 130; n++) {
    for (const elementOffset of [n % 8, 2 ** 34 - 40, 2 ** 34 - 1 - (n % 50), 2 ** 52 + n]) {
      const spec = { ...SPEC, elementOffset, shape: [n], maskStrides: [1] };
      const input = { ...x, shape: [n] };
      expectClose(
        both("float32", [n], (kernels, out) => kernels.dropout(spec, input, out)),
        0,
      );
    }
  }
});

const LAYOUTS = [
  { kind: "packed", width: 2 },
  { kind: "packed", width: 4 },
  { kind: "packed", width: 8 },
  { kind: "spread", width: 4 },
  { kind: "wide", width: 2 },
  { kind: "flat", width: 1 },
  { kind: "flat", width: 4 },
] as const;

test.each(LAYOUTS)("dropout by layout %j is the reference's, for every small length and long ones, threads and offsets", (fields) => {
  const x = operand(wasm, numbers(5000), [5000], undefined, 1);
  const lengths = [...Array(60).keys()].map((n) => n + 1).concat(95, 96, 97, 193, 1151, 2305, 4999);
  for (const [i, n] of lengths.entries()) {
    for (const threads of [1, 6, 64, 256, 1000, 2 ** 29]) {
      const ends = { shift: i % 2, low: i % 3 === 0 ? 0x80000001 : 0, thresholdHi: fields.kind === "wide" ? 0xfffff : 0 };
      const layout = layoutOf({
        ...fields,
        threads,
        ...(fields.kind === "flat" || i % 7 === 0 ? ends : { thresholdHi: ends.thresholdHi }),
      });
      const elementOffset = [0, 5, 2 ** 32 - 60, 2 ** 34 - 100, 2 ** 40 + 9][(i + threads) % 5] as number;
      const spec = { ...SPEC, callLo: 2 ** 32 - 1, elementOffset, shape: [n], maskStrides: [1], layout };
      expectClose(
        both("float32", [n], (kernels, out) => kernels.dropout(spec, { ...x, shape: [n] }, out)),
        0,
      );
    }
  }
});

test.each(LAYOUTS)(
  "dropout by layout %j is the reference's for shared masks, one repeated input, the affine form and in place",
  (fields) => {
    const shape = [3, 4, 5, 6];
    const x = operand(wasm, numbers(360), shape);
    const one: Operand = { ...operand(wasm, Float32Array.of(1.25), [1]), shape, strides: [0, 0, 0, 0] };
    const layout = layoutOf({ ...fields, threads: 50, thresholdHi: fields.kind === "wide" ? 0xfffff : 0 });
    const affine = { ...SPEC, keepScale: Math.fround(0.88), keepShift: Math.fround(0.7), dropValue: Math.fround(-1.1) };
    for (const form of [SPEC, affine]) {
      for (const maskStrides of [
        [120, 30, 6, 1],
        [4, 1, 0, 0],
        [20, 5, 1, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 0],
        [1, 3, 12, 60],
      ]) {
        const spec = { ...form, shape, maskStrides, elementOffset: 5, layout };
        for (const input of [x, one]) {
          expectClose(
            both("float32", shape, (kernels, out) => kernels.dropout(spec, input, out)),
            0,
          );
        }
        const copy = operand(wasm, numbers(360), shape);
        wasm.dropout(spec, copy, copy);
        expectClose([contents(wasm, copy), both("float32", shape, (kernels, out) => kernels.dropout(spec, x, out))[1]], 0);
      }
    }
  },
);

test("dropout is the reference's for shared masks, one repeated input, the affine form and in place", () => {
  const shape = [3, 4, 5, 6];
  const x = operand(wasm, numbers(360), shape);
  const one: Operand = { ...operand(wasm, Float32Array.of(1.25), [1]), shape, strides: [0, 0, 0, 0] };
  const f32 = Math.fround;
  const forms = [SPEC, { ...SPEC, keepScale: f32(0.88), keepShift: f32(0.7), dropValue: f32(-1.1) }, { ...SPEC, dropValue: f32(-1.1) }];
  for (const form of forms) {
    for (const maskStrides of [
      [120, 30, 6, 1],
      [4, 1, 0, 0],
      [0, 30, 6, 1],
      [20, 5, 1, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 0],
      [1, 3, 12, 60],
    ]) {
      const spec = { ...form, shape, maskStrides, elementOffset: 5 };
      for (const input of [x, one]) {
        const [mine, theirs] = both("float32", shape, (kernels, out) => kernels.dropout(spec, input, out));
        expectClose([mine, theirs], 0);
      }
      const copy = operand(wasm, numbers(360), shape);
      wasm.dropout(spec, copy, copy);
      expectClose([contents(wasm, copy), both("float32", shape, (kernels, out) => kernels.dropout(spec, x, out))[1]], 0);
    }
  }
});

test.each<OptimizerSpec>([
  { kind: "sgd", lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0.01, nesterov: false, first: true },
  { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: true, first: true },
  { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01, nesterov: false, first: false },
  ...[false, true].map(
    (decoupled) =>
      ({
        kind: "adam",
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.01,
        decoupled,
        biasCorrection1: 1 - 0.9 ** 3,
        biasCorrection2: 1 - 0.999 ** 3,
      }) as const,
  ),
])("an optimizer step is the reference's: %o", (spec) => {
  for (const length of [1, 5, 8, 103]) {
    const results = [wasm, reference].map((kernels) => {
      const param = operand(wasm, numbers(length, 3, false), [length], undefined, 1);
      const grad = operand(wasm, numbers(length, 5, false), [length], undefined, 2);
      const states = [7, 9].map((seed) => operand(wasm, numbers(length, seed, false).map(Math.abs), [length], undefined, 3));
      const state = spec.kind === "adam" ? states : spec.momentum === 0 ? [] : states.slice(0, 1);
      kernels.optimizerStep(spec, param, grad, state);
      return [param, ...state].map((part) => contents(wasm, part));
    });
    for (const [i, mine] of (results[0] as TypedArray[]).entries())
      expectClose([mine, (results[1] as TypedArray[])[i] as TypedArray], 3e-7, 1);
  }
});
