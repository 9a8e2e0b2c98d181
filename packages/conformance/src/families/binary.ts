/** Elementwise functions of two operands, with broadcasting, and the choice between two. */
import { functional as F, type Tensor } from "@dropwise/core";
import type { BinaryOp } from "@dropwise/core/backend";
import { applyBinary } from "@dropwise/core/backend";
import { each, type Family, LARGE } from "../case";
import { compareDirect } from "../direct";
import { bools, constant, type Input, input, integers, uniform } from "../inputs";
import { COMPOSED, EQUAL, type Tolerance, TRANSCENDENTAL } from "../tolerance";

interface Row {
  readonly op: BinaryOp;
  /** The ranges of both operands. */
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly tolerance: Tolerance;
}

const any = { a: [-5, 5], b: [-5, 5] } as const;

/** Every function; a new one is a compile error here until it has a row. */
const ROWS: Readonly<Record<BinaryOp, Omit<Row, "op">>> = {
  add: { ...any, tolerance: EQUAL },
  sub: { ...any, tolerance: EQUAL },
  mul: { ...any, tolerance: EQUAL },
  minimum: { ...any, tolerance: EQUAL },
  maximum: { ...any, tolerance: EQUAL },
  eq: { ...any, tolerance: EQUAL },
  ne: { ...any, tolerance: EQUAL },
  lt: { ...any, tolerance: EQUAL },
  le: { ...any, tolerance: EQUAL },
  gt: { ...any, tolerance: EQUAL },
  ge: { ...any, tolerance: EQUAL },
  div: { a: [-5, 5], b: [0.5, 4], tolerance: COMPOSED },
  pow: { a: [0.1, 4], b: [-2, 3], tolerance: TRANSCENDENTAL },
  reluGrad: { ...any, tolerance: EQUAL },
  sigmoidGrad: { a: [-1, 1], b: [0, 1], tolerance: COMPOSED },
  tanhGrad: { a: [-1, 1], b: [-1, 1], tolerance: COMPOSED },
  binaryCrossEntropy: { a: [0.01, 0.99], b: [0, 1], tolerance: TRANSCENDENTAL },
};

const rows: readonly Row[] = (Object.keys(ROWS) as BinaryOp[]).map((op) => ({ op, ...ROWS[op] }));

const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;

/** Pairs of shapes that broadcast, up to rank 5. */
const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[65], [65]],
  [[3, 4], [4]],
  [
    [3, 4],
    [3, 1],
  ],
  [
    [3, 1],
    [1, 5],
  ],
  [
    [2, 1, 5],
    [3, 1],
  ],
  [[1], [7]],
  [[], [2, 3]],
  [[2, 3, 4], []],
  [
    [2, 3, 4, 5],
    [3, 1, 5],
  ],
  [
    [2, 3, 1, 5, 1],
    [4, 1, 7],
  ],
  [
    [0, 3],
    [1, 3],
  ],
];

/** Multiples of 1/8, so that gradients summed over broadcast dimensions are exact in any order. */
const eighths = (shape: readonly number[], seed: number, [low, high]: readonly [number, number]): Input => {
  const { data } = uniform(shape, { seed, low, high });
  return input(shape, (i) => Math.round(8 * (data[i] as number)) / 8 || 0.125);
};

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 2.5, -3];

/** Numbers around the bounds of int32. */
const BOUNDS = [-(2 ** 31) - 1, -(2 ** 31), 7, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 2 ** 40, Number.POSITIVE_INFINITY, Number.NaN];

/** Every pair of the special values. */
const left = constant(input([81], (i) => SPECIAL[Math.floor(i / 9)] as number));
const right = constant(input([81], (i) => SPECIAL[i % 9] as number));

/** Functions of two operands. */
export const binary: Family = {
  ...each(
    rows,
    ({ op }) => `gives ${op} and its gradients for every pair of shapes that broadcasts`,
    async ({ op, a, b, tolerance }, { within }) => {
      for (const [shapeA, shapeB] of PAIRS) {
        await within(tolerance)((x, y) => [applyBinary(op, x, y)], eighths(shapeA, 1, a), eighths(shapeB, 2, b));
      }
    },
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} of strided operands, of a tensor and a number, and of a tensor and itself`,
    async ({ op, a, b, tolerance }, { within }) => {
      const inRangeOfB = (b[0] + b[1]) / 2 + 0.25;
      await within(tolerance)(
        (x, y) => [
          applyBinary(op, x.transpose(0, 1), y.slice(0, 1, 8)),
          applyBinary(op, x.slice(1, 0, 3), y.slice(0, 2, 7).slice(1, 2, 5)),
          applyBinary(op, x, inRangeOfB),
          applyBinary(op, y.clamp({ min: a[0], max: a[1] }), y),
        ],
        uniform([5, 7], { low: a[0], high: a[1] }),
        uniform([9, 5], { seed: 2, low: b[0], high: b[1] }),
      );
    },
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} of every size`,
    ({ op, a, b, tolerance }, { within }) =>
      within(tolerance)(
        (x, y) => [1, 2, 3, 4, 5, 63, 64, 65, 1021].map((n) => applyBinary(op, x.slice(0, 1, n + 1), y.slice(0, 2, n + 2))),
        constant(uniform([1024], { low: a[0], high: a[1] })),
        constant(uniform([1024], { seed: 2, low: b[0], high: b[1] })),
      ),
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} of large tensors, alike and broadcast`,
    ({ op, a, b, tolerance }, { within }) =>
      within(tolerance)(
        (x, y) => [
          applyBinary(op, x, y),
          applyBinary(op, x, y.slice(0, 7, 8)),
          applyBinary(op, x.slice(1, 3, 4), y),
          applyBinary(op, x, (b[0] + b[1]) / 2),
        ],
        constant(uniform([517, 257], { low: a[0], high: a[1] })),
        constant(uniform([517, 257], { seed: 2, low: b[0], high: b[1] })),
      ),
  ),

  ...each(
    rows.filter(({ op }) => !(COMPARISONS as readonly string[]).includes(op)),
    ({ op }) => `may write ${op} over either operand`,
    async ({ op, a, b, tolerance }, { backend }) => {
      const x = { input: uniform([77], { low: a[0], high: a[1] }), offset: 1 };
      const y = { input: uniform([77], { seed: 2, low: b[0], high: b[1] }), offset: 2 };
      await compareDirect(
        backend,
        tolerance,
        `${op} over b`,
        (kernels, [p, q]) => kernels.binary(op, p as never, q as never, q as never),
        x,
        y,
      );
      await compareDirect(
        backend,
        tolerance,
        `${op} over a`,
        (kernels, [q, p]) => kernels.binary(op, p as never, q as never, p as never),
        y,
        x,
      );
    },
  ),

  ...each(
    ["minimum", "maximum", "reluGrad", ...COMPARISONS] as const,
    (op) => `gives ${op} of NaN, infinities and zeros as IEEE 754 and the contract say`,
    (op, { within }) => within(EQUAL)((x, y) => applyBinary(op, x, y), left, right),
  ),

  ...each(
    ["add", "sub", "mul", "div", "sigmoidGrad", "tanhGrad"] as const,
    (op) => `gives ${op} of NaN, infinities and zeros`,
    (op, { within }) => within(COMPOSED)((x, y) => applyBinary(op, x, y), left, right),
  ),

  "divides by the largest numbers there are, and by the smallest": ({ within }) =>
    within({ ...COMPOSED, atol: 0 })(
      (x, y) => x.div(y),
      constant(input([8], [1e38, 10, -3e38, 2e38, 3e-38, -1e-37, 1e-30, 7])),
      constant(input([8], [3e38, 3e38, -9e37, 1e38, 1.2e-38, 2e-38, -1.5e-38, -8.6e37])),
    ),

  "gives powers of zero, one, infinities, NaN and negative bases": ({ within }) => within(TRANSCENDENTAL)((x, y) => x.pow(y), left, right),

  "gives squares, cubes, roots and reciprocals by a number": ({ within }) =>
    within(TRANSCENDENTAL)((x) => [2, 3, -1, 0.5, 0, 1].map((exponent) => x.pow(exponent)), uniform([65], { low: 0.2, high: 3 })),

  ...each(
    ["add", "sub", "mul", "minimum", "maximum", ...COMPARISONS] as const,
    (op) => `gives ${op} of int32`,
    async (op, { compare }) => {
      await compare((x, y) => [applyBinary(op, x, y), applyBinary(op, x, 3)], integers([5, 13]), integers([13], { seed: 2 }));
    },
  ),

  "keeps the low 32 bits of int32 sums and products": ({ compare }) =>
    compare(
      (x, y) => [x.mul(y), x.add(y), x.sub(y)],
      integers([101], { low: -(2 ** 31), high: 2 ** 31 }),
      integers([101], { seed: 2, low: -(2 ** 31), high: 2 ** 31 }),
    ),

  "compares int32 with numbers, of this side of its bounds and beyond": ({ compare }) =>
    compare(
      (x) => COMPARISONS.flatMap((op) => BOUNDS.map((bound) => applyBinary(op, x, bound))),
      input([5], [-(2 ** 31), -1, 0, 7, 2 ** 31 - 1], { dtype: "int32" }),
    ),

  "compares, and counts with, bool": ({ compare }) =>
    compare((x, y) => [x.eq(y), x.ne(y), x.add(y), x.mul(y), x.sub(1)], bools([101]), bools([101], 2)),

  "divides int32 as floats, and widens mixed dtypes": ({ within }) =>
    within(COMPOSED)((x, y, z) => [x.div(7), x.add(z), y.mul(z), x.mul(0.5), y.add(x)], integers([33]), bools([33]), uniform([33])),

  ...each(
    ["add", "sub", "mul", "div", "pow", "minimum", "maximum"] as const,
    (op) => `gives ${op} in float64, or the backend has none`,
    async (op, { backend, within }) => {
      if (!backend.info.dtypes.includes("float64")) return;
      const { a, b, tolerance } = ROWS[op];
      const options = { dtype: "float64" } as const;
      await within(tolerance)(
        (x, y) => applyBinary(op, x, y),
        uniform([3, 7], { ...options, low: a[0], high: a[1] }),
        uniform([7], { ...options, seed: 2, low: b[0], high: b[1] }),
      );
    },
  ),

  "clamps to either bound or both, NaN stays": async ({ within }) => {
    const clamps = (x: Tensor) => [x.clamp({ min: -1 }), x.clamp({ max: 1.5 }), x.clamp({ min: -0.5, max: 0.5 })];
    await within(EQUAL)(clamps, uniform([65], { low: -3, high: 3 }));
    await within(EQUAL)(clamps, constant(input([9], SPECIAL)));
  },

  "chooses between tensors and numbers, in every dtype, with broadcasting": async ({ compare }) => {
    for (const make of [
      (s: readonly number[], seed: number) => uniform(s, { seed }),
      (s: readonly number[], seed: number) => integers(s, { seed }),
      bools,
    ]) {
      await compare(
        (c, x, y) => [F.where(c, x, y), F.where(c.slice(0, 0, 1), x, y), F.where(c.transpose(1, 2), x.transpose(1, 2), y.unsqueeze(-1))],
        bools([2, 3, 4]),
        make([2, 3, 4], 2),
        make([4], 3),
      );
    }
    await compare((c, x) => [F.where(c, x, 0), F.where(c, -1.5, x), F.where(c, x, Number.NaN)], bools([2, 65]), uniform([65]));
  },

  "chooses among large tensors": ({ compare }) =>
    compare(
      (c, x, y) => [F.where(c, x, y), F.where(c, x, 0)],
      bools([LARGE]),
      constant(uniform([LARGE])),
      constant(uniform([LARGE], { seed: 2 })),
    ),

  "chooses NaN and infinities only where it should": ({ compare }) =>
    compare((c, x, y) => F.where(c, x, y), bools([81]), left, constant(uniform([81]))),
};
