/** Sums, extremes and their places, means, variances and softmax. */
import { functional as F, type Tensor } from "@dropwise/core";
import { each, type Family, LARGE } from "../case";
import { bools, constant, type Input, input, integers, noise, uniform } from "../inputs";
import { COMPOSED, EQUAL, SUMS, TRANSCENDENTAL } from "../tolerance";

/** Multiples of 1/8 in [-1, 1]: float32 sums of them are exact in any order, so that a lost or doubled element shows. */
const eighths = (shape: readonly number[], seed = 1): Input => {
  const random = noise(seed);
  return input(shape, (i) => Math.floor(17 * random(i) - 8) / 8);
};

const REDUCTIONS = ["sum", "amax", "amin"] as const;

/** All ways to reduce four dimensions. */
const SUBSETS = Array.from({ length: 15 }, (_, i) => [0, 1, 2, 3].filter((dim) => ((i + 1) >> dim) & 1));

const SIZES = [...Array.from({ length: 70 }, (_, i) => i + 1), 127, 128, 129, 255, 256, 257, 1000, 1023, 1024, 1025, 4099];

/** [outer, size, inner] at the edges of what a kernel may cut its work into. */
const BLOCKS = [
  [1, 65537, 1],
  [1, 300, 300],
  [300, 300, 1],
  [7, 33, 65],
  [513, 2, 3],
  [3, 2, 513],
  [1025, 1, 1],
  [2, 1025, 2],
  [1, LARGE, 1],
  [2053, 129, 1],
  [3, 401, 701],
];

/** Reductions. */
export const reduce: Family = {
  ...each(
    REDUCTIONS,
    (op) => `gives ${op} and its gradient over every set of dimensions`,
    async (op, { within }) => {
      await within(EQUAL)(
        (x) => SUBSETS.flatMap((dim) => [x[op]({ dim }), x[op]({ dim, keepdim: true })]).concat(x[op]()),
        // Equal extremes would share a gradient by thirds and sevenths, which are not exact; these values are all different.
        op === "sum" ? eighths([2, 3, 4, 5]) : input([2, 3, 4, 5], (i) => ((i * 37) % 120) - 60),
      );
    },
  ),

  ...each(
    REDUCTIONS,
    (op) => `gives ${op} of every size, along the last dimension and across`,
    async (op, { within }) => {
      const values = constant(eighths([4099, 3]));
      await within(EQUAL)((x) => SIZES.map((n) => x.slice(0, 0, n)[op]({ dim: 0 })), values);
      await within(EQUAL)(
        (x) =>
          SIZES.map((n) =>
            x
              .reshape([3, 4099])
              .slice(1, 1, n + 1)
              [op]({ dim: 1 }),
          ),
        { ...values, shape: [3, 4099] },
      );
    },
  ),

  ...each(
    BLOCKS,
    (shape) => `reduces the middle of [${shape}]`,
    ([outer, size, inner], { within }) =>
      within(EQUAL)(
        (x) => [...REDUCTIONS.map((op) => x[op]({ dim: 1 })), x.argmax({ dim: 1 })],
        constant(eighths([outer as number, size as number, inner as number])),
      ),
  ),

  "gives sums of ordinary numbers within their tolerance": ({ within }) =>
    within(SUMS)((x) => [x.sum(), x.sum({ dim: 0 }), x.sum({ dim: 1 })], uniform([33, 257])),

  "gives the place of the first largest element": async ({ compare }) => {
    await compare(
      (x) => [x.argmax(), x.argmax({ dim: 0 }), x.argmax({ dim: 1, keepdim: true }), x.argmax({ dim: 2 })],
      eighths([5, 9, 17]),
    );
    await compare((x) => [x.argmax(), x.argmax({ dim: 0 })], input([300], [1]));
    await compare((x) => x.argmax({ dim: 1 }), integers([9, 300]));
    await compare((x) => x.argmax({ dim: 1 }), constant(input([3, 40], (i) => (i % 40 < 39 ? Number.NEGATIVE_INFINITY : -3e38))));
  },

  "treats NaN as the extreme, and gives its first place": ({ compare }) =>
    compare(
      (x) => [x.amax({ dim: 1 }), x.amin({ dim: 1 }), x.argmax({ dim: 1 }), x.sum({ dim: 1 })],
      constant(input([4, 70], (i) => (i === 5 || i === 9 || i === 70 || i === 209 ? Number.NaN : i % 7))),
    ),

  "finds extremes among infinities and below zero": ({ compare }) =>
    compare(
      (x) => [x.amax({ dim: 1 }), x.amin({ dim: 1 })],
      constant(input([3, 33], (i) => (i === 3 ? Number.POSITIVE_INFINITY : i === 40 ? Number.NEGATIVE_INFINITY : -1 - (i % 5)))),
    ),

  "shares the gradient of an extreme among equals": ({ within }) =>
    within(COMPOSED)((x) => [x.amax({ dim: 1 }), x.amin({ dim: 0 }), x.amax()], input([4, 6], [1, 3, 3, 2, 1, 3, 0])),

  "sums int32, and counts bool": async ({ compare }) => {
    await compare((x) => [x.sum(), x.sum({ dim: 0 }), x.amax({ dim: 1 }), x.amin()], integers([7, 129]));
    await compare((x) => [x.sum(), x.sum({ dim: 1 }), x.amax({ dim: 0 })], bools([7, 129]));
  },

  "sums nothing to 0": ({ compare }) => compare((x) => [x.sum(), x.sum({ dim: 1 }), x.sum({ dim: 0 })], uniform([3, 0, 2])),

  "reduces what is not contiguous": ({ within }) =>
    within(EQUAL)(
      (x) => [x.transpose(0, 2).sum({ dim: 1 }), x.slice(1, 1, 4).amax({ dim: 2 }), x.expand([2, 5, 6, 7]).sum({ dim: 0 })],
      input([5, 6, 7], (i) => ((i * 37) % 210) / 8),
    ),

  "gives means, variances and standard deviations": ({ within }) =>
    within(COMPOSED)(
      (x) => [x.mean(), x.mean({ dim: 1 }), x.var({ dim: 0 }), x.var({ dim: [0, 2], correction: 0 }), x.std({ dim: 1, keepdim: true })],
      uniform([4, 9, 5]),
    ),

  "reduces float64 in double, or the backend has none": async ({ backend, within }) => {
    if (!backend.info.dtypes.includes("float64")) return;
    await within(SUMS)((x) => [x.sum({ dim: 1 }), x.amax({ dim: 0 }), x.mean()], uniform([9, 129], { dtype: "float64" }));
  },

  "gives softmax and its gradient of a large tensor": ({ within }) =>
    within(TRANSCENDENTAL)((x) => [F.softmax(x, { dim: 1 }), F.logSoftmax(x, { dim: 0 })], uniform([1027, 129])),

  ...each(
    ["softmax", "logSoftmax"] as const,
    (op) => `gives ${op} and its gradient along every dimension, without overflow`,
    async (op, { within }) => {
      await within(TRANSCENDENTAL)((x: Tensor) => [0, 1, 2].map((dim) => F[op](x, { dim })), uniform([5, 17, 7], { low: -5, high: 5 }));
      await within(TRANSCENDENTAL)((x) => F[op](x, { dim: 1 }), uniform([3, 1025], { low: -2, high: 2 }));
      await within(TRANSCENDENTAL)((x) => F[op](x, { dim: 1 }), input([2, 4], [1000, 999, 0, -1000, -1e4, -1e4, -1e4, -1e4]));
      await within(TRANSCENDENTAL)((x) => F[op](x.transpose(0, 1), { dim: 0 }), uniform([6, 1]));
    },
  ),
};
