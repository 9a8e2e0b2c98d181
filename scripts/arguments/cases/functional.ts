/** `functional`. */
import type { Case, Cases } from "../case";
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

export const functionalCases: Cases = {
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
  "functional.gather": [p.operand(), p.dim(), p.operand([2, 3], { dtype: "int32" })],
};
