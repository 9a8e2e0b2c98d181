/** Convolution and pooling against numerical derivatives, first and second, in float64. */
import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, randn, type Shape, type Tensor, tensor } from "../index";

let seed = 0;
const input = (shape: Shape): Tensor => randn(shape, { generator: new Generator(++seed), dtype: "float64", requiresGrad: true });

/** Elements that are far from equal, so that a small step changes no maximum. */
function apart(shape: Shape): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 4 - i / 50),
    { shape, requiresGrad: true },
  );
}

type Case = [string, (...inputs: Tensor[]) => Tensor, () => Tensor[]];

function check(cases: Case[]): void {
  test.each(cases)("%s", (_, fn, inputs) => {
    const given = inputs();
    expect(gradcheck(fn, given)).toBe(true);
    expect(gradgradcheck(fn, given, { atol: 1e-4 })).toBe(true);
  });
}

/** Squares, whose second derivative is not 0: one of a linear function would pass whatever it computes. */
const squared =
  (fn: (x: Tensor, ...more: Tensor[]) => Tensor) =>
  (...inputs: Tensor[]): Tensor =>
    fn(...(inputs as [Tensor])).pow(2);

describe("convolution", () => {
  check([
    [
      "conv1d",
      (x, weight, bias) => F.conv1d(x, weight, { bias: bias as Tensor, stride: 2, padding: 1 }),
      () => [input([2, 2, 5]), input([2, 2, 2]), input([2])],
    ],
    [
      "conv1d with padding same",
      (x, weight) => F.conv1d(x, weight, { padding: "same", dilation: 3 }),
      () => [input([2, 4]), input([1, 2, 2])],
    ],
    [
      "conv2d in groups",
      (x, weight) => F.conv2d(x, weight, { groups: 2, dilation: [1, 2] }),
      () => [input([1, 2, 3, 4]), input([4, 1, 2, 2])],
    ],
    [
      "conv3d",
      (x, weight) => F.conv3d(x, weight, { padding: [0, 1, 0], stride: [1, 2, 1] }),
      () => [input([1, 1, 2, 3, 2]), input([2, 1, 2, 2, 1])],
    ],
    [
      "convTranspose1d",
      (x, weight, bias) => F.convTranspose1d(x, weight, { bias: bias as Tensor, stride: 3, outputPadding: 2, padding: 1 }),
      () => [input([2, 2, 3]), input([2, 1, 2]), input([1])],
    ],
    [
      "convTranspose2d in groups",
      (x, weight) => F.convTranspose2d(x, weight, { groups: 2, stride: 2, dilation: [1, 3] }),
      () => [input([1, 2, 2, 2]), input([2, 2, 2, 2])],
    ],
    ["bmm", F.bmm, () => [input([2, 2, 3]), input([2, 3, 2])]],
  ] as Case[]);
});

describe("windows", () => {
  check([
    ["unfold", squared((x) => F.unfold(x, { kernelSize: [2, 3], padding: [1, 0], dilation: [2, 1] })), () => [input([1, 2, 3, 4])]],
    ["fold", squared((x) => F.fold(x, { outputSize: [4, 3], kernelSize: 2, stride: [2, 1] })), () => [input([1, 4, 4])]],
    ["avgPool1d", squared((x) => F.avgPool1d(x, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false })), () => [input([2, 6])]],
    ["avgPool2d", squared((x) => F.avgPool2d(x, { kernelSize: 2, stride: 1, ceilMode: true })), () => [input([1, 1, 3, 4])]],
    ["avgPool3d", squared((x) => F.avgPool3d(x, { kernelSize: 2, divisorOverride: 3 })), () => [input([1, 2, 3, 4])]],
    ["adaptiveAvgPool1d", squared((x) => F.adaptiveAvgPool1d(x, { outputSize: 3 })), () => [input([2, 7])]],
    ["adaptiveAvgPool2d", squared((x) => F.adaptiveAvgPool2d(x, { outputSize: [2, 5] })), () => [input([1, 1, 3, 4])]],
    ["maxPool1d", squared((x) => F.maxPool1d(x, { kernelSize: 3, stride: 2, padding: 1 })), () => [apart([2, 6])]],
    ["maxPool2d", squared((x) => F.maxPool2d(x, { kernelSize: 2, stride: 1, dilation: 2 })), () => [apart([1, 1, 4, 3])]],
    ["maxPool3d", squared((x) => F.maxPool3d(x, { kernelSize: 2, ceilMode: true })), () => [apart([1, 3, 2, 3])]],
    ["adaptiveMaxPool2d", squared((x) => F.adaptiveMaxPool2d(x, { outputSize: [2, 3] })), () => [apart([1, 3, 4])]],
  ]);
});
