import vm from "node:vm";
import { describe, expect, test } from "vitest";
import {
  cat,
  cpu,
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

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const CALLS: [name: string, op: string, call: () => unknown][] = [
  ["x.sum(1)", "sum", () => any.sum(1)],
  ["x.sum([0, 1])", "sum", () => any.sum([0, 1])],
  ["x.sum(a proxy that was revoked)", "sum", () => any.sum(revoked())],
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

/** Each call with an option of a name that it has not, and the name that it has. */
const UNKNOWN: [name: string, near: string | null, call: () => unknown][] = [
  ["x.sum({ keepDim })", "keepdim", () => any.sum({ keepDim: true })],
  ["x.mean({ axis })", "dim", () => any.mean({ axis: 0 })],
  ["x.argmax({ dims })", "dim", () => any.argmax({ dims: 0 })],
  ["x.var({ unbiased })", null, () => any.var({ unbiased: true })],
  ["x.std({ corection })", "correction", () => any.std({ corection: 0 })],
  ["x.clamp({ mim })", "min", () => any.clamp({ mim: 0 })],
  ["x.backward(g, { retain_graph })", "retainGraph", () => any.sum().backward(undefined, { retain_graph: true })],
  ["tensor({ device })", "backend", () => js.tensor([1], { device: "cuda" })],
  ["full({ requires_grad })", "requiresGrad", () => js.full([1], 2, { requires_grad: true })],
  ["rand({ seed })", null, () => js.rand([1], { seed: 3 })],
  ["randn({ Generator })", "generator", () => js.randn([1], { Generator: 3 })],
  ["cat({ axis })", "dim", () => js.cat([x, x], { axis: 1 })],
  ["stack({ dimm })", "dim", () => js.stack([x, x], { dimm: 1 })],
  ["grad({ create_graph })", "createGraph", () => js.grad(x.sum(), x, { create_graph: true })],
  ["gradcheck({ tolerance })", null, () => js.gradcheck(() => x, [x], { tolerance: 1 })],
  ["F.dropout({ rate })", "p", () => js.F.dropout(x, { rate: 0.1 })],
  ["F.dropout({ noise_shape })", "noiseShape", () => js.F.dropout(x, { noise_shape: [1, 3] })],
  ["F.dropout1d({ noiseShape })", null, () => js.F.dropout1d(x, { noiseShape: [2, 1] })],
  ["F.alphaDropout({ traning })", "training", () => js.F.alphaDropout(x, { traning: true })],
  ["F.leakyRelu({ slope })", null, () => js.F.leakyRelu(x, { slope: 1 })],
  ["F.softmax({ axis })", "dim", () => js.F.softmax(x, { axis: 1 })],
  ["F.mseLoss({ reduce })", null, () => js.F.mseLoss(x, y, { reduce: false })],
  ["F.crossEntropy({ label_smoothing })", "labelSmoothing", () => js.F.crossEntropy(x, classes, { label_smoothing: 0.1 })],
  ["new nn.Linear({ biass })", "bias", () => new js.nn.Linear(2, 3, { biass: false })],
  ["new nn.Dropout({ prob })", null, () => new js.nn.Dropout({ prob: 0.1 })],
  ["new nn.Dropout2d({ noiseShape })", null, () => new js.nn.Dropout2d({ noiseShape: [1] })],
  ["new nn.Flatten({ startdim })", "startDim", () => new js.nn.Flatten({ startdim: 0 })],
  ["new nn.CrossEntropyLoss({ labelsmoothing })", "labelSmoothing", () => new js.nn.CrossEntropyLoss({ labelsmoothing: 0.1 })],
  ["new nn.MSELoss({ beta })", null, () => new js.nn.MSELoss({ beta: 1 })],
  ["new nn.Parameter({ requires_grad })", "requiresGrad", () => new js.nn.Parameter(y, { requires_grad: false })],
  ["new optim.SGD({ learningRate })", "lr", () => new js.optim.SGD([parameter()], { learningRate: 0.1 })],
  ["new optim.Adam({ weight_decay })", "weightDecay", () => new js.optim.Adam([parameter()], { weight_decay: 0.1 })],
  ["new optim.AdamW([{ beta }])", "betas", () => new js.optim.AdamW([{ params: parameter(), beta: [0.9, 0.9] }])],
  ["new DataLoader({ batch_size })", "batchSize", () => new js.DataLoader(new TensorDataset(y), { batch_size: 2 })],
];

describe("an option that is not there", () => {
  test.each(UNKNOWN)("%s is refused with the name that was meant", (_, near, call) => {
    expectRefusal(call, "TypeError", ": expected the options ", near === null ? " - leave it out" : ` - did you mean ${near}?`);
  });

  test("is refused though it is undefined, and names that every object answers to are none", () => {
    expectRefusal(() => any.sum({ keepDim: undefined }), "TypeError", "did you mean keepdim?");
    for (const name of ["toString", "constructor", "__proto__"])
      expectRefusal(() => any.sum(JSON.parse(`{"${name}": 1}`)), "TypeError", `sum: expected the options dim, keepdim, got "${name}"`);
  });

  test("takes no call number", () => {
    const generator = new Generator(0);
    expectRefusal(() => js.F.dropout(x, { generator, rate: 0.3 }), "TypeError", "did you mean p?");
    expect(generator.offset).toBe(0n);
  });
});

describe("options", () => {
  test.each(["false", 0, 1, null, "no"])("that are flags are no %o", (value) => {
    const calls: [() => unknown, string][] = [
      [() => any.sum({ keepdim: value }), "sum: expected keepdim to be true or false"],
      [() => js.full([1], 1, { requiresGrad: value }), "full: expected requiresGrad to be true or false"],
      [() => new js.nn.Linear(1, 1, { bias: value }), "Linear: expected bias to be true or false"],
      [() => new js.nn.Dropout({ inplace: value }), "Dropout: expected inplace to be true or false"],
      [() => js.F.dropout(x, { training: value }), "dropout: expected training to be true or false"],
      [() => new js.optim.SGD([parameter()], { nesterov: value }), "SGD: expected nesterov to be true or false"],
      [() => new js.DataLoader(new TensorDataset(y), { shuffle: value }), "DataLoader: expected shuffle to be true or false"],
      [() => js.grad(x.sum(), x, { allowUnused: value }), "grad: expected allowUnused to be true or false"],
    ];
    for (const [call, message] of calls) expectRefusal(call, "TypeError", message);
  });

  test.each([
    new Map([["keepdim", true]]),
    new Set(),
    new Date(),
    Promise.resolve({}),
    [],
    new Float32Array(1),
    x,
    new nn.ReLU(),
    cpu,
    /x/,
  ])("are no %o", (value) => {
    for (const call of [() => any.sum(value), () => js.F.dropout(x, value), () => new js.nn.Dropout(value), () => js.rand([1], value)])
      expectRefusal(call, "TypeError", ": expected ");
  });

  test("may be an instance of a class with accessors, or an object of another realm, or one without a prototype", () => {
    class Config {
      get dim() {
        return 0;
      }
    }
    for (const options of [new Config(), vm.runInNewContext("({ dim: 0 })"), Object.assign(Object.create(null), { dim: 0 })])
      expect(any.sum(options).shape).toEqual([3]);
  });

  test("are read once", () => {
    let reads = 0;
    const options = {
      get dim() {
        return reads++;
      },
    };
    expect(any.sum(options).shape).toEqual([3]);
    expect(reads).toBe(1);
  });

  test("that are undefined are not given", () => {
    expect(any.sum({ dim: undefined, keepdim: undefined }).itemSync()).toBe(6);
    expect(new nn.Dropout({ p: undefined as never }).p).toBe(0.5);
  });
});

describe("what became undefined or NaN in a layer or an optimizer is refused when it is used", () => {
  const schedule = [0.1] as const;
  test("p, inplace and training of a dropout layer, which draws nothing then", () => {
    const generator = new Generator(1);
    for (const [name, value, error] of [
      ["p", schedule[1 as 0], "TypeError"],
      ["p", Number.NaN, "RangeError"],
      ["inplace", undefined, "TypeError"],
      ["training", undefined, "TypeError"],
    ] as const) {
      const layer = Object.assign(new nn.Dropout({ generator }), { [name]: name === "p" && error === "TypeError" ? undefined : value });
      expectRefusal(
        () => layer.forward(x),
        error,
        `Dropout: expected ${name === "p" && error === "RangeError" ? "a drop probability p" : name}`,
      );
    }
    expect(generator.offset).toBe(0n);
  });

  test("numbers of an activation", () => {
    for (const [layer, name] of [
      [new nn.LeakyReLU(), "negativeSlope"],
      [new nn.ELU(), "alpha"],
      [new nn.Softplus(), "beta"],
    ] as const) {
      expectRefusal(() => Object.assign(layer, { [name]: undefined }).forward(x), "TypeError", `expected ${name} to be a number`);
      expectRefusal(
        () => Object.assign(layer, { [name]: Number.NaN }).forward(x),
        "RangeError",
        `expected ${name} to be a number, got NaN`,
      );
    }
  });

  test("options of an optimizer's group, and names it does not have", () => {
    const w = parameter();
    w.grad = ones([1]);
    for (const Optimizer of [optim.SGD, optim.Adam, optim.AdamW]) {
      const optimizer = new Optimizer([w], { lr: 0.1 });
      const [group] = optimizer.paramGroups as [Untyped];
      group.lr = undefined;
      expectRefusal(() => optimizer.step(), "TypeError", `${Optimizer.name}: expected lr to be a number, got undefined`);
      group.lr = Number.NaN;
      expectRefusal(() => optimizer.step(), "RangeError", `${Optimizer.name}: expected lr of 0 or more, got NaN`);
      group.lr = 0.1;
      group.learningRate = 0.1;
      expectRefusal(() => optimizer.step(), "TypeError", "did you mean lr?");
    }
    expect(w.itemSync()).toBe(1);
  });
});
