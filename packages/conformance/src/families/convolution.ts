/** Convolution in both directions, and the windows it is made of. */
import { functional as F, grad, type Tensor } from "@dropwise/core";
import { each, type Family } from "../case";
import { goldenChecks } from "../golden-layers";
import { eighths, uniform } from "../inputs";
import { EQUAL, SUMS } from "../tolerance";

type Convolve = (x: Tensor, weight: Tensor, options: object) => Tensor;

const CONVOLUTIONS: Readonly<Record<string, Convolve>> = {
  conv1d: F.conv1d,
  conv2d: F.conv2d,
  conv3d: F.conv3d,
  convTranspose1d: F.convTranspose1d,
  convTranspose2d: F.convTranspose2d,
};

/** Sizes that no thread, vector or tile divides, padding wider than a window, groups of one channel, images smaller than the padding. */
const CASES = [
  { op: "conv1d", x: [3, 5, 131], weight: [7, 5, 5], options: { stride: 3, padding: 2 } },
  { op: "conv1d", x: [1, 1, 1], weight: [1, 1, 4], options: { padding: 3, dilation: 2 } },
  { op: "conv1d", x: [2, 6, 9], weight: [6, 1, 2], options: { padding: "same", groups: 6 } },
  { op: "conv2d", x: [2, 3, 29, 31], weight: [5, 3, 3, 3], options: { padding: 1 } },
  { op: "conv2d", x: [1, 4, 13, 11], weight: [6, 2, 5, 2], options: { stride: [2, 3], padding: [3, 0], dilation: [1, 2], groups: 2 } },
  { op: "conv2d", x: [4, 16, 1, 1], weight: [9, 16, 1, 1], options: {} },
  // Depthwise, with a multiplier too; strided products; more channels and places than a block or a piece of any kernel.
  { op: "conv2d", x: [2, 9, 10, 21], weight: [9, 1, 3, 3], options: { padding: 1, groups: 9 } },
  { op: "conv2d", x: [1, 5, 8, 7], weight: [10, 1, 3, 2], options: { padding: [1, 0], stride: 2, groups: 5 } },
  { op: "conv2d", x: [3, 6, 7, 9], weight: [8, 6, 1, 1], options: { stride: 2 } },
  { op: "conv2d", x: [2, 301, 3, 2], weight: [187, 301, 1, 1], options: {} },
  { op: "conv2d", x: [1, 33, 6, 5], weight: [67, 33, 3, 3], options: { padding: 1 } },
  { op: "conv2d", x: [1, 2, 67, 61], weight: [3, 2, 3, 3], options: { padding: 1 } },
  { op: "conv1d", x: [1, 2, 700], weight: [2, 2, 290], options: { padding: 30, dilation: 2 } },
  { op: "conv2d", x: [7, 3, 4, 4], weight: [4, 3, 2, 2], options: { stride: 3, dilation: 2, padding: 2 } },
  { op: "conv2d", x: [0, 2, 5, 5], weight: [3, 2, 3, 3], options: {} },
  { op: "conv3d", x: [2, 2, 5, 6, 7], weight: [3, 2, 2, 3, 2], options: { stride: [1, 2, 1], padding: [1, 0, 2], dilation: [2, 1, 1] } },
  { op: "convTranspose1d", x: [2, 3, 41], weight: [3, 4, 6], options: { stride: 4, padding: 3, outputPadding: 3 } },
  { op: "convTranspose1d", x: [1, 4, 5], weight: [4, 1, 3], options: { dilation: 5, groups: 2, outputPadding: 4 } },
  { op: "convTranspose2d", x: [2, 4, 9, 7], weight: [4, 3, 3, 2], options: { stride: [2, 3], padding: [0, 1], groups: 2 } },
] as const;

const WINDOWS = [
  { shape: [2, 3, 17, 19], options: { kernelSize: 3, padding: 1 } },
  { shape: [1, 2, 9, 5], options: { kernelSize: [2, 4], stride: [3, 1], padding: [0, 3], dilation: [4, 2] } },
  { shape: [70, 65, 4, 4], options: { kernelSize: 2, stride: 2 } },
  { shape: [1, 1, 1, 1], options: { kernelSize: 1, padding: 2, stride: 3 } },
  { shape: [3, 1, 1, 300], options: { kernelSize: [1, 299] } },
] as const;

/** Convolutions. */
export const convolution: Family = {
  ...goldenChecks(/^conv|^unfold/, SUMS, ([x, weight, bias], attrs) => {
    if (weight === undefined) return [x, attrs];
    return [x, weight, bias === undefined ? attrs : { bias, ...attrs }];
  }),

  ...each(
    CASES,
    ({ op, x, weight, options }) => `computes ${op} of [${x}] and [${weight}] ${JSON.stringify(options)}, and its gradients`,
    ({ op, x, weight, options }, { within }) => {
      const channels = op.startsWith("convT") ? weight[1] * ("groups" in options ? options.groups : 1) : weight[0];
      return within(EQUAL)(
        (input, kernel, bias) => (CONVOLUTIONS[op] as Convolve)(input, kernel, { bias, ...options }),
        eighths(x, 1),
        eighths(weight, 2),
        eighths([channels], 3),
      );
    },
  ),

  "has gradients of gradients": ({ within }) =>
    within(SUMS)(
      (x, weight) =>
        [
          F.conv2d(x, weight, { padding: 1, stride: 2 }),
          F.conv2d(x, weight.slice(1, 0, 1), { padding: 1, groups: 2 }),
          F.convTranspose2d(x, weight.slice(0, 0, 2), { stride: 2, padding: 1 }),
        ].map((y) => {
          const [byInput, byWeight] = grad(y.mul(y).sum(), [x, weight], { createGraph: true }) as [Tensor, Tensor];
          return byInput.mul(byInput).sum().add(byWeight.mul(byWeight).sum());
        }),
      eighths([2, 2, 5, 6], 11),
      eighths([4, 2, 3, 3], 12),
    ),

  ...each(
    WINDOWS,
    ({ shape, options }) => `writes out windows of [${shape}] ${JSON.stringify(options)}, and sums their gradients`,
    async ({ shape, options }, { compare, within }) => {
      await compare((x) => F.unfold(x, options).detach(), uniform(shape));
      await within(EQUAL)((x) => F.unfold(x, options), eighths(shape, 4));
    },
  ),

  "sums overlapping windows in any arrangement": ({ within }) =>
    within(EQUAL)(
      (x) => [
        F.fold(x, { outputSize: 3, kernelSize: 2 }),
        F.fold(x, { outputSize: [5, 3], kernelSize: 2, dilation: [3, 1] }),
        F.fold(x, { outputSize: [4, 4], kernelSize: 2, stride: 2 }),
        F.fold(x, { outputSize: [6, 5], kernelSize: [1, 4], padding: [0, 1], stride: [3, 2] }),
      ],
      eighths([3, 8, 4], 5),
    ),

  "reads parts of larger tensors, by strides and from any start": ({ within }) =>
    within(EQUAL)(
      (x, weight) => [
        F.conv2d(x.slice(0, 1, 3), weight, { padding: 1 }),
        F.conv2d(x.slice(0, 2).slice(2, 1, 9, 2).transpose(2, 3), weight.transpose(2, 3)),
        F.conv2d(x.slice(1, 1, 3), weight.slice(1, 0, 2).slice(0, 1)),
        F.conv2d(x.permute([3, 1, 2, 0]), weight, { stride: 2, padding: 2 }),
      ],
      eighths([3, 3, 9, 8], 6),
      eighths([4, 3, 3, 3], 7),
    ),

  "gives convolutions of floats within the rounding of sums": ({ within }) =>
    within(SUMS)(
      (x, weight, bias) => F.conv2d(x, weight, { bias, padding: 1 }),
      uniform([2, 8, 12, 12]),
      uniform([6, 8, 3, 3], { seed: 2 }),
      uniform([6], { seed: 3 }),
    ),

  "keeps NaN and infinities to the windows that have them": ({ compare }) =>
    compare((x) => F.unfold(x.pow(-1), { kernelSize: 2, padding: 1 }).detach(), { ...eighths([1, 2, 4, 4], 8), requiresGrad: false }),

  "multiplies batches pair by pair": ({ within }) => within(EQUAL)(F.bmm, eighths([5, 7, 9], 9), eighths([5, 9, 3], 10)),
};
