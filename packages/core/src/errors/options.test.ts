import { describe, expect, test } from "vitest";
import {
  cat,
  DataLoader,
  functional as F,
  full,
  Generator,
  grad,
  gradcheck,
  nn,
  ones,
  optim,
  rand,
  randn,
  stack,
  TensorDataset,
  tensor,
} from "../index";
import { expectRefusal } from "../testing/refusal";

/** The library as plain JavaScript sees it. */
// biome-ignore lint/suspicious/noExplicitAny: there are no types in plain JavaScript
type Untyped = any;
const js = { cat, DataLoader, F, full, grad, gradcheck, nn, optim, rand, randn, stack, tensor } as Untyped;
const x = ones([2, 3], { requiresGrad: true });
const y = ones([2, 3]);
const classes = tensor(new Int32Array([0, 1]));
const any = x as Untyped;
const parameter = () => new nn.Parameter(ones([1]));

const CALLS: [name: string, op: string, call: () => unknown][] = [
  ["x.sum(1)", "sum", () => any.sum(1)],
  ["x.sum([0, 1])", "sum", () => any.sum([0, 1])],
  ["x.mean(1)", "mean", () => any.mean(1)],
  ["x.amax(1)", "amax", () => any.amax(1)],
  ["x.amin(1)", "amin", () => any.amin(1)],
  ["x.argmax(1)", "argmax", () => any.argmax(1)],
  ["x.var(1)", "var", () => any.var(1)],
  ["x.std(1)", "std", () => any.std(1)],
  ['tensor([1], "float64")', "tensor", () => js.tensor([1], "float64")],
  ['full([1], 2, "int32")', "full", () => js.full([1], 2, "int32")],
  ["rand([1], generator)", "rand", () => js.rand([1], 7)],
  ["randn([1], 7)", "randn", () => js.randn([1], 7)],
  ["cat([x, x], 1)", "cat", () => js.cat([x, x], 1)],
  ["stack([x, x], 1)", "stack", () => js.stack([x, x], 1)],
  ["grad(y, x, y)", "grad", () => js.grad(x.sum(), x, y)],
  ["gradcheck(fn, inputs, 1e-6)", "gradcheck", () => js.gradcheck(() => x, [x], 1e-6)],
  ["F.dropout(x, true)", "dropout", () => js.F.dropout(x, true)],
  ["F.dropout(x, 0.5, false)", "dropout", () => js.F.dropout(x, 0.5, false)],
  ["F.dropout1d(x, 0.5, false)", "dropout1d", () => js.F.dropout1d(x, 0.5, false)],
  ["F.dropout2d(x, 0.5, false)", "dropout2d", () => js.F.dropout2d(x, 0.5, false)],
  ["F.dropout3d(x, 0.5, false)", "dropout3d", () => js.F.dropout3d(x, 0.5, false)],
  ["F.alphaDropout(x, 0.5, true)", "alphaDropout", () => js.F.alphaDropout(x, 0.5, true)],
  ["F.featureAlphaDropout(x, 0.5, true)", "featureAlphaDropout", () => js.F.featureAlphaDropout(x, 0.5, true)],
  ["F.leakyRelu(x, 0.2)", "leakyRelu", () => js.F.leakyRelu(x, 0.2)],
  ["F.softplus(x, 2)", "softplus", () => js.F.softplus(x, 2)],
  ["F.elu(x, 0.5)", "elu", () => js.F.elu(x, 0.5)],
  ["F.softmax(x, 1)", "softmax", () => js.F.softmax(x, 1)],
  ["F.logSoftmax(x, 1)", "logSoftmax", () => js.F.logSoftmax(x, 1)],
  ['F.mseLoss(x, y, "sum")', "mseLoss", () => js.F.mseLoss(x, y, "sum")],
  ['F.l1Loss(x, y, "sum")', "l1Loss", () => js.F.l1Loss(x, y, "sum")],
  ['F.smoothL1Loss(x, y, "sum")', "smoothL1Loss", () => js.F.smoothL1Loss(x, y, "sum")],
  ["F.binaryCrossEntropy(x, y, weight)", "binaryCrossEntropy", () => js.F.binaryCrossEntropy(x, y, y)],
  ["F.binaryCrossEntropyWithLogits(x, y, weight)", "binaryCrossEntropyWithLogits", () => js.F.binaryCrossEntropyWithLogits(x, y, y)],
  ["F.crossEntropy(x, classes, weight)", "crossEntropy", () => js.F.crossEntropy(x, classes, y)],
  ["F.nllLoss(x, classes, weight)", "nllLoss", () => js.F.nllLoss(x, classes, y)],
  ["new nn.Linear(2, 3, false)", "Linear", () => new js.nn.Linear(2, 3, false)],
  ["new nn.Dropout(true)", "Dropout", () => new js.nn.Dropout(true)],
  ["new nn.LeakyReLU(0.2)", "LeakyReLU", () => new js.nn.LeakyReLU(0.2)],
  ["new nn.ELU(0.5)", "ELU", () => new js.nn.ELU(0.5)],
  ["new nn.Softplus(2)", "Softplus", () => new js.nn.Softplus(2)],
  ["new nn.Flatten(0)", "Flatten", () => new js.nn.Flatten(0)],
  ['new nn.MSELoss("sum")', "MSELoss", () => new js.nn.MSELoss("sum")],
  ["new nn.CrossEntropyLoss(weight)", "CrossEntropyLoss", () => new js.nn.CrossEntropyLoss(y)],
  ["new optim.SGD(parameters, 0.1)", "SGD", () => new js.optim.SGD([parameter()], 0.1)],
  ["new optim.Adam(parameters, 0.1)", "Adam", () => new js.optim.Adam([parameter()], 0.1)],
  ["new optim.AdamW(parameters, 0.1)", "AdamW", () => new js.optim.AdamW([parameter()], 0.1)],
  ["new DataLoader(dataset, 64)", "DataLoader", () => new js.DataLoader(new TensorDataset(y), 64)],
];

describe("a value in the place of options", () => {
  test.each(CALLS)("%s is refused, not passed over", (_, op, call) => {
    expectRefusal(call, "TypeError", `${op}: expected`, "{");
  });

  test("takes no call number", () => {
    const generator = new Generator(0);
    expectRefusal(
      () => js.F.dropout(x, { p: 0.5, generator }, false),
      "TypeError",
      "dropout: expected options as { name: value }, got false",
    );
    expect(generator.offset).toBe(0n);
  });

  test("null is one, undefined is none", () => {
    expectRefusal(() => any.sum(null), "TypeError", "sum: expected options as { name: value }, got null");
    expect(any.sum(undefined).itemSync()).toBe(6);
  });
});
