/** Pooling: means and maxima of windows of one size, and of as many as asked for. */
import { functional as F, grad, type Tensor, tensor } from "@dropwise/core";
import { assertClose } from "../assert";
import { each, type Family } from "../case";
import { goldenChecks } from "../golden-layers";
import { eighths, input, uniform } from "../inputs";
import { COMPOSED, EQUAL } from "../tolerance";

type Pool = (x: Tensor, options: object) => Tensor;

const MAX: readonly Pool[] = [F.maxPool1d, F.maxPool2d, F.maxPool3d] as Pool[];
const MEAN: readonly Pool[] = [F.avgPool1d, F.avgPool2d, F.avgPool3d] as Pool[];

const CASES = [
  { shape: [3, 5, 131], options: { kernelSize: 4, stride: 3, padding: 2 } },
  { shape: [2, 1, 8], options: { kernelSize: 3, stride: 2, ceilMode: true } },
  { shape: [1, 2, 1], options: { kernelSize: 2, padding: 1, ceilMode: true } },
  { shape: [2, 3, 29, 31], options: { kernelSize: 2 } },
  { shape: [2, 3, 7, 6], options: { kernelSize: [3, 2], stride: [2, 1], padding: [1, 1] } },
  { shape: [1, 2, 6, 8], options: { kernelSize: 3, stride: 2, padding: 1, ceilMode: true } },
  { shape: [5, 9, 7, 7], options: { kernelSize: 7 } },
  // Rows narrower than a vector, and wider, odd and even.
  { shape: [2, 3, 6, 5], options: { kernelSize: 2 } },
  { shape: [1, 2, 9, 14], options: { kernelSize: 2 } },
  { shape: [1, 1, 4, 70], options: { kernelSize: 2 } },
  { shape: [1, 2, 5, 3], options: { kernelSize: 2, ceilMode: true } },
  { shape: [1, 1, 9000], options: { kernelSize: 8800, stride: 50 } },
  { shape: [0, 3, 4, 4], options: { kernelSize: 2 } },
  { shape: [2, 2, 5, 6, 7], options: { kernelSize: [2, 3, 2], stride: [1, 2, 3], padding: [1, 0, 1], ceilMode: true } },
] as const;

const ADAPTIVE = [
  { shape: [2, 3, 7, 9], outputSize: [3, 4] },
  { shape: [2, 3, 8, 6], outputSize: [4, 3] },
  { shape: [1, 2, 4, 5], outputSize: [9, 11] },
  { shape: [17, 33, 7, 7], outputSize: [1, 1] },
] as const;

/** Poolings. */
export const pooling: Family = {
  ...goldenChecks(/Pool\d/, COMPOSED, ([x], attrs) => [x, attrs]),

  ...each(
    CASES,
    ({ shape, options }) =>
      `takes the largest of windows of [${shape}] ${JSON.stringify(options)}, of equals the first, which gets the gradient`,
    async ({ shape, options }, { compare, within }) => {
      const pool = MAX[shape.length - 3] as Pool;
      await compare((x) => pool(x, options).detach(), uniform(shape));
      // Few distinct values, so that every window has equals.
      await within(EQUAL)(
        (x) => pool(x, options),
        input(shape, (i) => ((i * 5) % 7) % 3),
      );
    },
  ),

  ...each(
    CASES,
    ({ shape, options }) => `takes the mean of windows of [${shape}] ${JSON.stringify(options)}, with and without the padding`,
    ({ shape, options }, { within }) => {
      const pool = MEAN[shape.length - 3] as Pool;
      return within(COMPOSED)((x) => [pool(x, options), pool(x, { ...options, countIncludePad: false })], eighths(shape, 1));
    },
  ),

  ...each(
    ADAPTIVE,
    ({ shape, outputSize }) => `pools [${shape}] to [${outputSize}]`,
    async ({ shape, outputSize }, { within }) => {
      await within(COMPOSED)((x) => F.adaptiveAvgPool2d(x, { outputSize }), eighths(shape, 2));
      await within(EQUAL)((x) => F.adaptiveMaxPool2d(x, { outputSize }), eighths(shape, 3));
    },
  ),

  // Known answers: a wrong number of windows would be the same on both sides.
  "adds no window in ceilMode that would start behind the end": async ({ backend }) => {
    const x = tensor([[1, 2, 3, 4, 5]], { backend });
    const options = { kernelSize: 2, stride: 3, padding: 1, ceilMode: true };
    const [max, mean] = [F.maxPool1d(x, options), F.avgPool1d(x, options)];
    assertClose(await max.data(), [1, 4], EQUAL, `${backend.name}, maxPool1d`);
    assertClose(await mean.data(), [0.5, 3.5], COMPOSED, `${backend.name}, avgPool1d`);
    for (const made of [x, max, mean]) made.dispose();
  },

  "gives maxima of windows that are apart": ({ within }) =>
    within(EQUAL)(
      (x) => [
        F.maxPool2d(x, { kernelSize: 2, dilation: [2, 3], stride: 1 }),
        F.maxPool2d(x, { kernelSize: [3, 1], dilation: 4, padding: [1, 0] }),
      ],
      eighths([2, 2, 9, 8], 4),
    ),

  "has gradients of gradients": ({ within }) =>
    within(COMPOSED)(
      (x) =>
        [
          F.maxPool2d(x, { kernelSize: 2 }),
          F.maxPool2d(x, { kernelSize: 3, stride: 1, padding: 1 }),
          F.avgPool2d(x, { kernelSize: 3, stride: 2 }),
        ].map((y) => {
          const [first] = grad(y.mul(y).mul(y).sum(), [x], { createGraph: true }) as [Tensor];
          return first.mul(first).sum();
        }),
      uniform([2, 2, 6, 7], { seed: 9 }),
    ),

  "divides by what it is told to": ({ within }) =>
    within(COMPOSED)((x) => F.avgPool2d(x, { kernelSize: 2, padding: 1, divisorOverride: 3 }), eighths([2, 2, 5, 5], 5)),

  "lets NaN win, and infinities, and never the padding": ({ within }) => {
    const values = [Number.NaN, 1, Number.POSITIVE_INFINITY, -2, Number.NEGATIVE_INFINITY, 0, -0, -3];
    return within(EQUAL)(
      (x) => [
        F.maxPool1d(x, { kernelSize: 2 }),
        F.maxPool1d(x, { kernelSize: 3, stride: 1, padding: 1 }),
        F.maxPool1d(x.sub(9), { kernelSize: 2, padding: 1 }),
        F.adaptiveMaxPool2d(x.reshape([1, 4, 8]), { outputSize: [3, 3] }),
      ],
      input([2, 16], (i) => values[(i * 3) % 8] as number),
    );
  },

  "reads parts of larger tensors, by strides and from any start": ({ within }) =>
    within(COMPOSED)(
      (x) => [
        F.avgPool2d(x.slice(0, 1), { kernelSize: 2 }),
        F.avgPool2d(x.transpose(1, 3), { kernelSize: 2 }),
        F.maxPool2d(x.slice(2, 1, 8, 2).slice(3, 1), { kernelSize: 2, stride: 1 }),
        F.adaptiveAvgPool1d(x.slice(0, 0, 1).slice(1, 0, 1).reshape([1, 72]).slice(1, 3, 72, 5), { outputSize: 4 }),
      ],
      eighths([3, 2, 9, 8], 6),
    ),
};
