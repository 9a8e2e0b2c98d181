/** `functional`. */
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

const masks = {
  p: p.fraction(0.5),
  training: p.flag(),
  inplace: p.flag(),
  generator: p.generator,
  elementOffset: p.integer(0, 0, 2 ** 52),
};
/** A lone number stands for p. */
const dropout = (shape: readonly number[]): Case => [p.tensor(shape), p.or(p.options(masks), p.fraction(0.5))];
const noiseShape = p.list(p.nullable(p.integer(1, -1, 3)), 2);
const reduced = { reduction: p.word("mean", "sum", "none") };
const elementwise = [p.operand(), p.operand(), p.options(reduced)];
const classes = p.operand([2], { dtype: "int32" });
const dim = p.options({ dim: p.dim() }, ["dim"]);
/** One number for all spatial dimensions, or a list of them. */
const sizes = (valid: number, low = 1): Place => p.or(p.list(p.integer(valid, low)), p.integer(valid, low));
const steps = { stride: sizes(2), padding: sizes(1, 0), dilation: sizes(1), groups: p.integer(1, 1) };
const bias = (channels: number): Place => p.nullable(p.operand([channels]));
const convolution = (rank: number): Case => [
  p.operand([2, 3, 5, 4, 6].slice(0, rank + 2)),
  p.operand([4, 3, 2, 3, 2].slice(0, rank + 2)),
  p.options({ ...steps, bias: bias(4), padding: p.or(steps.padding, p.word("valid", "same")) }),
];
const transposed = (rank: number): Case => [
  p.operand([2, 3, 5, 4].slice(0, rank + 2)),
  p.operand([3, 4, 2, 3].slice(0, rank + 2)),
  p.options({ ...steps, bias: bias(4), outputPadding: sizes(1, 0) }),
];
const images = (rank: number): Place => p.tensor([2, 3, 5, 4, 6].slice(0, rank + 2));
const windows = { kernelSize: sizes(2), stride: sizes(1), padding: sizes(1, 0) };
const maxPool = (rank: number): Case => [images(rank), p.options({ ...windows, dilation: sizes(1), ceilMode: p.flag() }, ["kernelSize"])];
const mean = { ...windows, ceilMode: p.flag(), countIncludePad: p.flag() };
const divided = p.options({ ...mean, divisorOverride: p.nullable(p.number(3, (n) => Number.isInteger(n) && n !== 0)) }, ["kernelSize"]);
const adaptive = p.options({ outputSize: p.nullable(p.or(p.list(p.nullable(p.integer(2, 1, 1000))), p.integer(2, 1, 1000))) }, [
  "outputSize",
]);
const unfolded = { ...windows, dilation: sizes(1) };

const eps = p.amount(0.1);
/** A tensor that may be left out. */
const beside = (shape: readonly number[]) => p.nullable(p.optional(p.operand(shape)));
const affine = (shape: readonly number[]) => ({ weight: beside(shape), bias: beside(shape) });
const factor = p.number(2, (n) => n >= 0.5 && n < 1000);
const training = { valid: () => true, accepts: (value: unknown) => value === true };
const running = p.operand([2]);
const statistics = { ...affine([2]), runningMean: running, runningVar: running, momentum: p.fraction(0.5), eps };

export const functionalCases: Cases = {
  "functional.conv1d": convolution(1),
  "functional.conv2d": convolution(2),
  "functional.conv3d": convolution(3),
  "functional.convTranspose1d": transposed(1),
  "functional.convTranspose2d": transposed(2),
  "functional.bmm": { args: [p.operand([2, 3, 4]), p.operand([2, 4, 2])], says: ["matmul"] },
  "functional.unfold": [images(2), p.options(unfolded, ["kernelSize"])],
  "functional.fold": [
    p.tensor([2, 8, 12]),
    p.options({ ...unfolded, outputSize: { ...sizes(1), valid: () => Object.freeze([3, 2]) } }, ["outputSize", "kernelSize"]),
  ],
  "functional.maxPool1d": maxPool(1),
  "functional.maxPool2d": maxPool(2),
  "functional.maxPool3d": maxPool(3),
  "functional.avgPool1d": [images(1), p.options(mean, ["kernelSize"])],
  "functional.avgPool2d": [images(2), divided],
  "functional.avgPool3d": [images(3), divided],
  "functional.adaptiveAvgPool1d": [images(1), adaptive],
  "functional.adaptiveAvgPool2d": [images(2), adaptive],
  "functional.adaptiveMaxPool2d": [images(2), adaptive],

  "functional.relu": [p.tensor()],
  "functional.sigmoid": [p.tensor()],
  "functional.tanh": [p.tensor()],
  "functional.gelu": [p.tensor()],
  "functional.silu": [p.tensor()],
  "functional.selu": [p.tensor()],
  "functional.leakyRelu": [p.tensor(), p.options({ negativeSlope: p.number(0.1) })],
  "functional.elu": [p.tensor(), p.options({ alpha: p.number(1) })],
  "functional.softplus": [p.tensor(), p.options({ beta: p.number(1) })],
  "functional.softmax": [p.tensor(), dim],
  "functional.logSoftmax": [p.tensor(), dim],

  "functional.dropout": [p.tensor(), p.or(p.options({ ...masks, noiseShape }), p.fraction(0.5))],
  "functional.dropout1d": dropout([2, 3, 4]),
  "functional.dropout2d": dropout([2, 3, 2, 2]),
  "functional.dropout3d": dropout([2, 3, 2, 2, 1]),
  "functional.alphaDropout": dropout([2, 3]),
  "functional.featureAlphaDropout": dropout([2, 3, 4]),

  "functional.mseLoss": elementwise,
  "functional.l1Loss": elementwise,
  "functional.smoothL1Loss": [p.operand(), p.operand(), p.options({ ...reduced, beta: p.number(1, (n) => n >= 0) })],
  "functional.binaryCrossEntropy": elementwise,
  "functional.binaryCrossEntropyWithLogits": elementwise,
  "functional.nllLoss": [p.operand(), classes, p.options(reduced)],
  "functional.crossEntropy": [p.operand(), classes, p.options({ ...reduced, labelSmoothing: p.fraction(0.1) })],

  "functional.linear": [p.operand([4, 3]), p.operand([2, 3]), p.nullable(p.optional(p.operand([2])))],
  "functional.minimum": [p.or(p.tensor(), p.number(1)), p.operandOrNumber(2)],
  "functional.maximum": [p.or(p.tensor(), p.number(1)), p.operandOrNumber(2)],
  "functional.where": [p.operand([2, 3], { dtype: "bool" }), p.or(p.operand(), p.number(1)), p.operandOrNumber(3)],
  "functional.layerNorm": [
    p.operand([2, 3]),
    p.options({ normalizedShape: p.or(p.shape([3]), p.integer(3, 0, 1000)), ...affine([3]), eps }, ["normalizedShape"]),
  ],
  "functional.rmsNorm": [
    p.operand([2, 3]),
    p.options({ normalizedShape: p.or(p.shape([3]), p.integer(3, 0, 1000)), weight: beside([3]), eps: p.nullable(eps) }, [
      "normalizedShape",
    ]),
  ],
  "functional.groupNorm": [p.operand([2, 4, 3]), p.options({ numGroups: p.integer(2, 1, 4), ...affine([4]), eps }, ["numGroups"])],
  "functional.batchNorm": [p.operand([4, 2]), p.options({ ...statistics, training: p.flag() }, ["runningMean", "runningVar"])],
  "functional.batchNorm: by the input": [p.operand([4, 2]), p.options({ ...affine([2]), training, eps }, ["training"])],
  "functional.instanceNorm": [p.operand([2, 2, 3]), p.options({ ...statistics, useInputStats: p.flag() })],
  "functional.normalize": [p.tensor(), p.options({ p: p.number(2, (n) => n > 0), dim: p.dims, eps })],
  "functional.embedding": [
    p.operand([2, 3], { dtype: "int32" }),
    p.operand([4, 3]),
    p.options({ paddingIdx: p.nullable(p.integer(1, -4, 3)) }),
  ],
  "functional.oneHot": [p.tensor([2, 3], { dtype: "int32" }), p.options({ numClasses: p.integer(2, -1, 1000) })],
  "functional.pad": [
    p.tensor(),
    p.options({ pad: p.list(p.integer(1, -3, 1000), 2), mode: p.word("constant"), value: p.number(1) }, ["pad"]),
  ],
  "functional.pad: a mirror": [
    p.tensor(),
    p.options({ pad: p.list(p.integer(1, -3, 1000), 2), mode: p.word("reflect", "replicate", "circular") }, ["pad"]),
  ],
  "functional.interpolate": [
    p.tensor([1, 2, 3]),
    p.options({ size: p.or(p.integer(4, 1, 1000), p.list(p.integer(4, 1, 1000))), mode: p.word("nearest", "linear") }, ["size"]),
  ],
  "functional.interpolate: by a factor": [
    p.tensor([1, 2, 3]),
    p.options(
      {
        scaleFactor: p.or(factor, p.list(factor)),
        mode: p.word("linear"),
        alignCorners: p.nullable(p.flag()),
      },
      ["scaleFactor", "mode"],
    ),
  ],
  "functional.pixelShuffle": [p.tensor([4, 2, 3]), p.options({ upscaleFactor: p.integer(2, 1, 2) }, ["upscaleFactor"])],

  "functional.gather": [p.operand(), p.dim(), p.operand([2, 3], { dtype: "int32" })],
};
