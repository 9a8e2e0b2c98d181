/** Losses: what they are of classes, probabilities, distributions and pairs. */
import { functional as F } from "@dropwise/core";
import { each, type Family } from "../case";
import { calledWith, goldenChecks } from "../golden-layers";
import { constant, input, uniform } from "../inputs";
import { COMPOSED } from "../tolerance";

const REDUCTIONS = ["mean", "sum", "none"] as const;

const classes = (shape: readonly number[], count: number, ignored: number) =>
  input(shape, (i) => (i % 4 === 3 ? ignored : (i * 7) % count), { dtype: "int32" });
const weight = (count: number) => constant(uniform([count], { seed: 9, low: 0.1, high: 2 }));

/** Losses. */
export const losses: Family = {
  ...goldenChecks(/Loss$|^binaryCrossEntropy|^crossEntropy$|^cosineSimilarity$/, COMPOSED, calledWith),

  ...each(
    REDUCTIONS,
    (reduction) => `leaves ignored classes out of crossEntropy, weighed and smoothed or not, reduced by ${reduction}`,
    (reduction, { within }) =>
      within(COMPOSED)(
        (x, y, w) => [
          F.crossEntropy(x, y, { reduction }),
          F.crossEntropy(x, y, { reduction, weight: w as never, labelSmoothing: 0.3 }),
          F.nllLoss(x, y, { reduction, weight: w as never }),
        ],
        uniform([5, 7, 3], { low: -4, high: 4 }),
        classes([5, 3], 7, -100),
        weight(7),
      ),
  ),

  "gives NaN for the mean of ignored classes alone": ({ within }) =>
    within(COMPOSED)(
      (x, y) => F.crossEntropy(x, y),
      constant(uniform([3, 4])),
      input([3], () => -100, { dtype: "int32" }),
    ),

  "weighs elements and positive targets": ({ within }) =>
    within(COMPOSED)(
      (x, y, w) => [
        F.binaryCrossEntropyWithLogits(x, y, { weight: w as never, posWeight: w as never }),
        F.binaryCrossEntropy(F.sigmoid(x), y, { weight: w as never, reduction: "none" }),
      ],
      uniform([67, 5], { low: -3, high: 3 }),
      uniform([67, 5], { seed: 2, low: 0.05, high: 0.95 }),
      weight(5),
    ),

  "measures distances and angles, also of vectors of zeros": ({ within }) =>
    within(COMPOSED)(
      (a, b, c) => [
        F.cosineSimilarity(a, b),
        F.cosineSimilarity(a.mul(0), b),
        F.tripletMarginLoss(a, b, c, { margin: 5, swap: true }),
        F.tripletMarginLoss(a, b, c, { margin: 5, p: 3 }),
      ],
      uniform([33, 9], { seed: 1 }),
      uniform([33, 9], { seed: 2 }),
      uniform([33, 9], { seed: 3 }),
    ),
};
