/** Losses against numerical derivatives, first and second, in float64. */
import { expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, randn, type Shape, type Tensor, tensor } from "../index";

let seed = 40;
const input = (shape: Shape): Tensor => randn(shape, { generator: new Generator(++seed), dtype: "float64", requiresGrad: true });
const positive = (shape: Shape): Tensor => {
  const x = input(shape).detach().abs().add(0.2);
  x.requiresGrad = true;
  return x;
};
const probability = (shape: Shape): Tensor => {
  const x = F.sigmoid(input(shape)).detach();
  x.requiresGrad = true;
  return x;
};
const classes = tensor(new Int32Array([2, -100, 0]));
const signs = tensor([1, -1, 1]);
const weight = tensor([0.5, 1, 2]);

type Args = [Tensor, Tensor, Tensor];
const CASES: [string, (...inputs: Args) => Tensor, () => Tensor[]][] = [
  ["crossEntropy of classes", (x) => F.crossEntropy(x, classes, { weight, labelSmoothing: 0.2 }), () => [input([3, 3])]],
  [
    "crossEntropy of probabilities",
    (x, y) => F.crossEntropy(x, y, { weight, labelSmoothing: 0.2 }),
    () => [input([2, 3, 2]), probability([2, 3, 2])],
  ],
  ["nllLoss", (x) => F.nllLoss(x, classes, { weight }).pow(2), () => [input([3, 3])]],
  ["binaryCrossEntropy", (x) => F.binaryCrossEntropy(x, tensor([0.2, 1, 0]), { weight }), () => [probability([3])]],
  [
    "binaryCrossEntropyWithLogits",
    (x, y) => F.binaryCrossEntropyWithLogits(x, y, { weight, posWeight: weight }),
    () => [input([2, 3]), probability([2, 3])],
  ],
  ["huberLoss", (x, y) => F.huberLoss(x, y, { delta: 0.7 }), () => [input([5]), input([5])]],
  ["klDivLoss", (x, y) => F.klDivLoss(x, y, { reduction: "batchmean" }), () => [input([2, 3]), probability([2, 3])]],
  ["klDivLoss of logarithms", (x, y) => F.klDivLoss(x, y, { logTarget: true }), () => [input([2, 3]), input([2, 3])]],
  ["gaussianNllLoss", (x, y, v) => F.gaussianNllLoss(x, y, v, { full: true }), () => [input([2, 3]), input([2, 3]), positive([2])]],
  ["poissonNllLoss", (x, y) => F.poissonNllLoss(x, y, { full: true }), () => [input([2, 3]), positive([2, 3])]],
  ["poissonNllLoss of rates", (x, y) => F.poissonNllLoss(x, y, { logInput: false }), () => [positive([2, 3]), positive([2, 3])]],
  ["cosineSimilarity", (x, y) => F.cosineSimilarity(x, y), () => [input([2, 3]), input([1, 3])]],
  ["cosineEmbeddingLoss", (x, y) => F.cosineEmbeddingLoss(x, y, signs, { margin: -0.9 }), () => [input([3, 4]), input([3, 4])]],
  ["marginRankingLoss", (x, y) => F.marginRankingLoss(x, y, signs, { margin: 2 }).pow(2), () => [input([3]), input([3])]],
  [
    "tripletMarginLoss",
    (x, y, z) => F.tripletMarginLoss(x, y, z, { margin: 4, swap: true }),
    () => [input([2, 3]), input([2, 3]), input([2, 3])],
  ],
  [
    "tripletMarginLoss by cubes",
    (x, y, z) => F.tripletMarginLoss(x, y, z, { margin: 4, p: 3 }),
    () => [input([3]), input([3]), input([3])],
  ],
  ["norm", (x) => F.norm(x, { p: 1.5, dim: 1 }), () => [input([2, 3])]],
];

test.each(CASES)("the gradients of %s", (_, fn, inputs) => {
  const given = inputs();
  expect(gradcheck(fn as (...inputs: Tensor[]) => Tensor, given)).toBe(true);
  expect(gradgradcheck(fn as (...inputs: Tensor[]) => Tensor, given, { atol: 1e-4 })).toBe(true);
});
