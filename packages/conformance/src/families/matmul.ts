/** Matrix products: every kind of size, transposed operands, batches, and the linear layer. */
import { functional as F, Generator, type Tensor } from "@dropwise/core";
import { each, type Family } from "../case";
import { eighths, input, uniform } from "../inputs";
import { EQUAL, SUMS } from "../tolerance";

/** m, k, n. */
const SIZES = [
  [1, 1, 1],
  [1, 7, 1],
  [1, 64, 33],
  [33, 64, 1],
  [1, 257, 129],
  [2, 3, 4],
  [3, 5, 7],
  [4, 4, 4],
  [8, 16, 8],
  [15, 16, 17],
  [31, 33, 13],
  [64, 64, 64],
  [65, 127, 33],
  [128, 257, 10],
  [261, 521, 393],
  [5, 1, 9],
  [5, 0, 3],
  [0, 4, 3],
  [4, 3, 0],
] as const;

/** Four ways to hand over a product of [m, k] and [k, n]. */
const layouts = (a: Tensor, b: Tensor, aT: Tensor, bT: Tensor) => [
  a.matmul(b),
  aT.transpose(0, 1).matmul(b),
  a.matmul(bT.transpose(0, 1)),
  aT.transpose(0, 1).matmul(bT.transpose(0, 1)),
];

/** Products of matrices. */
export const matmul: Family = {
  ...each(
    SIZES,
    ([m, k, n]) => `multiplies [${m}, ${k}] by [${k}, ${n}], either or both transposed, and gives the gradients`,
    ([m, k, n], { within }) => within(EQUAL)(layouts, eighths([m, k], 1), eighths([k, n], 2), eighths([k, m], 3), eighths([n, k], 4)),
  ),

  "multiplies parts of larger matrices": ({ within }) =>
    within(EQUAL)(
      (a, b) => [
        a.slice(1, 2, 9).matmul(b.slice(0, 1, 8)),
        a
          .slice(0, 1, 6)
          .slice(1, 0, 7)
          .matmul(b.slice(0, 2, 9).slice(1, 3, 10)),
        a
          .slice(1, 0, 9)
          .transpose(0, 1)
          .matmul(b.slice(1, 1, 6).slice(0, 0, 9).slice(0, 1, 9)),
      ],
      eighths([8, 12], 1),
      eighths([10, 11], 2),
    ),

  "multiplies many small matrices": ({ within }) => within(EQUAL)((a, b) => a.matmul(b), eighths([517, 9, 7], 1), eighths([517, 7, 11], 2)),

  "multiplies what has gaps in both dimensions": ({ within }) =>
    within(EQUAL)(
      (a, b) =>
        a
          .slice(0, 0, 9, 2)
          .slice(1, 0, 9, 3)
          .matmul(b.slice(1, 0, 8, 2)),
      eighths([9, 9], 1),
      eighths([3, 8], 2),
    ),

  "multiplies vectors and matrices by PyTorch's rules": ({ within }) =>
    within(EQUAL)((a, v, b) => [a.matmul(v), v.matmul(b), v.matmul(v)], eighths([5, 7], 1), eighths([7], 2), eighths([7, 3], 3)),

  "multiplies batches, one by one and broadcast": async ({ within }) => {
    await within(EQUAL)((a, b) => a.matmul(b), eighths([3, 5, 7], 1), eighths([3, 7, 4], 2));
    await within(EQUAL)((a, b) => a.matmul(b), eighths([2, 3, 5, 7], 1), eighths([3, 7, 4], 2));
    await within(EQUAL)((a, b) => a.matmul(b), eighths([2, 1, 5, 7], 1), eighths([1, 3, 7, 4], 2));
    await within(EQUAL)((a, b) => a.matmul(b), eighths([6, 33, 17], 1), eighths([17, 9], 2));
    await within(EQUAL)((a, b) => a.matmul(b), eighths([33, 17], 1), eighths([4, 17, 9], 2));
  },

  "multiplies batches of transposed matrices": ({ within }) =>
    within(EQUAL)(
      (a, b) => [a.transpose(1, 2).matmul(b), b.transpose(1, 2).matmul(a), a.transpose(0, 1).matmul(b.slice(0, 0, 1))],
      eighths([3, 7, 7], 1),
      eighths([3, 7, 7], 2),
    ),

  "takes NaN and infinities through, and nothing from a zero row": ({ compare }) =>
    compare(
      (a, b) => a.matmul(b),
      input([4, 4], (i) => (i === 5 ? Number.NaN : i === 10 ? Number.POSITIVE_INFINITY : i < 4 ? 0 : 1), { requiresGrad: false }),
      input([4, 9], [1, 2, 0.5], { requiresGrad: false }),
    ),

  "multiplies ordinary numbers within their tolerance": ({ within }) =>
    within(SUMS)((a, b) => a.matmul(b), uniform([33, 129]), uniform([129, 65], { seed: 2 })),

  "multiplies float64 in double, or the backend has none": async ({ backend, within }) => {
    if (!backend.info.dtypes.includes("float64")) return;
    await within(SUMS)((a, b) => a.matmul(b), uniform([9, 33], { dtype: "float64" }), uniform([33, 5], { seed: 2, dtype: "float64" }));
  },

  "gives linear layers with and without bias, of any leading dimensions": async ({ within }) => {
    const linear = (x: Tensor, w: Tensor, b: Tensor) => [F.linear(x, w, b), F.linear(x, w)];
    for (const leading of [[1], [13], [2, 3], [], [0], [2, 0]]) {
      for (const features of [17, 0])
        await within(EQUAL)(linear, eighths([...leading, features], 1), eighths([9, features], 2), eighths([9], 3));
    }
    await within(EQUAL)(
      (x, w, b) => F.linear(x.transpose(0, 1), w.transpose(0, 1), b),
      eighths([17, 5], 1),
      eighths([17, 9], 2),
      eighths([9], 3),
    );
    await within(EQUAL)(linear, eighths([65, 128], 1), eighths([67, 128], 2), eighths([67], 3));
  },

  "drops out of linear layers, behind a relu or none, with the mask of dropout, from any element on": async ({ within }) => {
    for (const [rows, features, size] of [
      [1, 1, 1],
      [3, 17, 9],
      [65, 128, 67],
      [390, 40, 70],
    ] as const) {
      for (const activation of [undefined, "relu"] as const) {
        for (const elementOffset of [0, 6, 2 ** 34 + 1]) {
          // A scale that is a power of two, so that all sums are exact.
          const options = { p: 0.75, elementOffset, ...(activation && { activation }) };
          await within(EQUAL)(
            (x, w, bias) => [
              F.linearDropout(x, w, { ...options, bias, generator: new Generator(4) }),
              F.linearDropout(x, w, { ...options, generator: new Generator(5) }),
            ],
            eighths([rows, features], 1),
            eighths([size, features], 2),
            eighths([size], 3),
          );
        }
      }
    }
  },
};
