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
const { inplace: _, ...outOfPlace } = masks;
/** A lone number stands for p. */
const dropout = (shape: readonly number[]): Case => [p.tensor(shape), p.or(p.options(masks), p.fraction(0.5))];
const noiseShape = p.list(p.nullable(p.integer(1, -1, 3)), 2);
const reduced = { reduction: p.word("mean", "sum", "none") };
const elementwise = [p.operand(), p.operand(), p.options(reduced)];
const classes = p.operand([2], { dtype: "int32" });
const classOptions = { weight: p.nullable(p.operand([3])), ignoreIndex: p.integer(-100) };
const elementWeight = p.nullable(p.operand([3]));
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
  "functional.gelu": [p.tensor(), p.options({ approximate: p.word("none", "tanh") })],
  "functional.floor": [p.tensor()],
  "functional.ceil": [p.tensor()],
  "functional.round": [p.tensor()],
  "functional.sign": [p.tensor()],
  "functional.sin": [p.tensor()],
  "functional.cos": [p.tensor()],
  "functional.rsqrt": [p.tensor()],
  "functional.relu6": [p.tensor()],
  "functional.hardsigmoid": [p.tensor()],
  "functional.hardswish": [p.tensor()],
  "functional.mish": [p.tensor()],
  "functional.softsign": [p.tensor()],
  "functional.logSigmoid": [p.tensor()],
  "functional.hardtanh": [p.tensor(), p.options({ minVal: p.number(-1, (n) => n <= 1), maxVal: p.number(1, (n) => n >= -1) })],
  "functional.celu": [p.tensor(), p.options({ alpha: p.number(1, (n) => n !== 0) })],
  "functional.prelu": [p.operand(), p.operand([3])],
  "functional.glu": [p.tensor([2, 4]), p.options({ dim: p.dim(1) })],
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
  "functional.huberLoss": [p.operand(), p.operand(), p.options({ ...reduced, delta: p.number(1, (n) => n > 0) })],
  "functional.binaryCrossEntropy": [p.operand(), p.operand(), p.options({ ...reduced, weight: elementWeight })],
  "functional.binaryCrossEntropyWithLogits": [
    p.operand(),
    p.operand(),
    p.options({ ...reduced, weight: elementWeight, posWeight: elementWeight }),
  ],
  "functional.nllLoss": [p.operand(), classes, p.options({ ...reduced, ...classOptions })],
  "functional.crossEntropy": [p.operand(), classes, p.options({ ...reduced, ...classOptions, labelSmoothing: p.fraction(0.1) })],
  "functional.klDivLoss": [
    p.operand(),
    p.operand(),
    p.options({ reduction: p.word("mean", "batchmean", "sum", "none"), logTarget: p.flag() }),
  ],
  "functional.gaussianNllLoss": [
    p.operand(),
    p.operand(),
    p.operand(),
    p.options({ ...reduced, full: p.flag(), eps: p.number(1e-6, (n) => n > 0) }),
  ],
  "functional.poissonNllLoss": [
    p.operand(),
    p.operand(),
    p.options({ ...reduced, logInput: p.flag(), full: p.flag(), eps: p.number(1e-8) }),
  ],
  "functional.cosineSimilarity": [p.operand(), p.operand(), p.options({ dim: p.dim(1), eps: p.number(1e-8) })],
  "functional.cosineEmbeddingLoss": [p.operand(), p.operand(), p.operand([2]), p.options({ ...reduced, margin: p.number(0) })],
  "functional.marginRankingLoss": [p.operand(), p.operand(), p.operand(), p.options({ ...reduced, margin: p.number(0) })],
  "functional.tripletMarginLoss": [
    p.operand(),
    p.operand(),
    p.operand(),
    p.options({ ...reduced, margin: p.number(1, (n) => n > 0), p: p.number(2), eps: p.number(1e-6), swap: p.flag() }),
  ],
  "functional.norm": [p.tensor(), p.options({ p: p.number(2), dim: p.dims, keepdim: p.flag() })],

  "functional.tril": [p.tensor(), p.options({ diagonal: p.integer(0) })],
  "functional.triu": [p.tensor(), p.options({ diagonal: p.integer(0) })],
  "functional.cumsum": [p.tensor(), dim],
  "functional.sort": [p.tensor(), p.options({ dim: p.dim(), descending: p.flag() })],
  "functional.argsort": [p.tensor(), p.options({ dim: p.dim(), descending: p.flag() })],
  "functional.topk": [p.tensor(), p.options({ k: p.integer(1, 0, 2), dim: p.dim(), largest: p.flag() }, ["k"])],
  "functional.argmin": [p.tensor(), p.options({ dim: p.dim(), keepdim: p.flag() })],
  "functional.einsum": [p.word("ij,jk", "ij,jk->ik"), p.operand([2, 3]), p.operand([3, 4])],
  "functional.maskedFill": [p.operand(), p.operand([2, 3], { dtype: "bool" }), p.options({ value: p.number(1) }, ["value"])],
  "functional.indexSelect": [p.operand(), p.operand([2], { dtype: "int32" }), p.options({ dim: p.dim() })],
  "functional.clone": [p.tensor()],
  "functional.flip": [p.tensor(), p.options({ dims: p.dims }, ["dims"])],
  "functional.roll": [
    p.tensor(),
    p.options({ shifts: p.or(p.list(p.integer(1)), p.integer(1)), dims: p.or(p.list(p.dim()), p.dim()) }, ["shifts"]),
  ],
  "functional.repeat": [p.tensor(), p.options({ repeats: p.shape([2, 1]) }, ["repeats"])],
  "functional.repeatInterleave": [p.tensor(), p.options({ repeats: p.integer(2, 0, 1000), dim: p.dim() }, ["repeats"])],
  "functional.split": [
    p.tensor(),
    p.options({ splitSize: p.or(p.integer(1, 1), p.list(p.integer(2, 2, 2))), dim: p.dim() }, ["splitSize"]),
  ],
  "functional.chunk": [p.tensor(), p.options({ chunks: p.integer(2, 1), dim: p.dim() }, ["chunks"])],
  "functional.unbind": [p.tensor(), p.options({ dim: p.dim() })],
  "functional.logsumexp": [p.tensor(), p.options({ dim: p.dims, keepdim: p.flag() })],
  "functional.prod": [p.tensor(), p.options({ dim: p.dim(), keepdim: p.flag() })],
  "functional.any": [p.tensor(), p.options({ dim: p.dims, keepdim: p.flag() })],
  "functional.all": [p.tensor(), p.options({ dim: p.dims, keepdim: p.flag() })],
  "functional.logicalAnd": [p.operand(), p.operand()],
  "functional.logicalOr": [p.operand(), p.operand()],
  "functional.logicalNot": [p.tensor()],
  "functional.isnan": [p.tensor()],

  "functional.linear": [p.operand([4, 3]), p.operand([2, 3]), p.nullable(p.optional(p.operand([2])))],
  "functional.linearDropout": [
    p.operand([4, 3]),
    p.operand([2, 3]),
    p.options({ ...outOfPlace, bias: p.nullable(p.operand([2])), activation: p.word("relu", "gelu") }),
  ],
  "functional.minimum": [p.or(p.tensor(), p.number(1)), p.operandOrNumber(2)],
  "functional.maximum": [p.or(p.tensor(), p.number(1)), p.operandOrNumber(2)],
  "functional.where": [p.operand([2, 3], { dtype: "bool" }), p.or(p.operand(), p.number(1)), p.operandOrNumber(3)],
  "functional.scaledDotProductAttention": [
    p.operand([2, 4, 3, 2]),
    p.operand([2, 2, 3, 2]),
    p.operand([2, 2, 3, 2]),
    p.options({
      attnMask: p.nullable(p.operand([3, 3], { dtype: "bool" })),
      dropoutP: p.fraction(0.5),
      isCausal: p.flag(false),
      scale: p.nullable(p.number(0.5)),
      enableGqa: p.flag(),
      training: p.flag(),
      generator: p.generator,
      elementOffset: p.integer(0, 0),
    }),
  ],
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
