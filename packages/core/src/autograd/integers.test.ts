import { describe, expect, test } from "vitest";
import { isFloating } from "../dtype/dtype";
import * as core from "../index";
import { Generator, grad, ones, tensor } from "../index";
import { applyBinary, applyUnary } from "../ops/by-name";
import { Tensor } from "../tensor/tensor";
import { expectRefusal } from "../testing/refusal";

const { functional: F } = core;
type Case = (x: Tensor, y: Tensor) => Tensor | readonly Tensor[];

/** Calls of everything that makes tensors of tensors; x and y are [2, 2] of any dtype. A name that is missing here fails the first test. */
const METHODS: Record<string, Case> = {
  type: (x) => [x.type("float32"), x.type("float64"), x.type("int32"), x.type("bool")],
  contiguous: (x) => x.transpose(0, 1).contiguous(),
  detach: (x) => x.detach(),
  ...named(["add", "sub", "mul", "div", "pow", "matmul"], (op) => (x, y) => x[op](y)),
  ...named(["eq", "ne", "lt", "le", "gt", "ge"], (op) => (x, y) => [x[op](y), x[op](0)]),
  ...named(["neg", "exp", "log", "sqrt", "abs"], (op) => (x) => x[op]()),
  ...named(["sum", "mean", "amax", "amin", "var", "std"], (op) => (x) => [x[op](), x[op]({ dim: 0 })]),
  argmax: (x) => [x.argmax(), x.argmax({ dim: 1 })],
  where: (x, y) => [x.where(y.gt(0), y), x.where(y.type("bool"), 0)],
  clamp: (x) => [x.clamp({ min: 0 }), x.clamp({ max: 1, min: 0 })],
  reshape: (x) => x.reshape([-1]),
  transpose: (x) => x.transpose(0, 1),
  permute: (x) => x.permute([1, 0]),
  slice: (x) => x.slice(0, 1),
  squeeze: (x) => x.slice(0, 1).squeeze(0),
  unsqueeze: (x) => x.unsqueeze(0),
  expand: (x) => x.unsqueeze(0).expand([3, 2, 2]),
  alias: (x) => x.alias(),
};

/** Methods that make no tensor of this one. */
const OTHERS = ["constructor", "data", "dataSync", "item", "itemSync", "to", "backward", "toString", "toJSON", "wrap"];

const DROPOUTS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
const LOSSES = ["mseLoss", "l1Loss", "smoothL1Loss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits"] as const;
const FUNCTIONS: Record<string, Case> = {
  ...named(["relu", "sigmoid", "tanh", "gelu", "silu", "leakyRelu", "softplus", "elu", "selu"], (op) => (x) => F[op](x)),
  ...named(["softmax", "logSoftmax"], (op) => (x) => F[op](x, { dim: 0 })),
  ...Object.fromEntries(
    DROPOUTS.map((op): [string, Case] => [op, (x) => [0, 0.5, 1].flatMap((p) => attempt(() => F[op](x, { p, training: true })))]),
  ),
  ...Object.fromEntries(LOSSES.map((op): [string, Case] => [op, (x, y) => [F[op](x, y), F[op](x, y, { reduction: "none" })]])),
  nllLoss: (x, y) => F.nllLoss(x, y.slice(0, 0, 1).squeeze(0).type("int32")),
  crossEntropy: (x, y) => [F.crossEntropy(x, y.slice(0, 0, 1).squeeze(0).type("int32")), ...attempt(() => F.crossEntropy(x, y))],
  ...Object.fromEntries(
    (["dropPath", "lockedDropout", "tokenDropout"] as const).map((op): [string, Case] => [
      op,
      (x) => [0, 0.5, 1].flatMap((p) => attempt(() => F[op](x, { p }))),
    ]),
  ),
  headDropout: (x) => attempt(() => F.headDropout(x.unsqueeze(0), 0.5)),
  dropBlock2d: (x) => attempt(() => F.dropBlock2d(x.reshape([1, 1, 2, 2]), { p: 0.5, blockSize: 1 })),
  zoneout: (x, y) => [0.5, 1].flatMap((p) => attempt(() => F.zoneout(x, y.type(x.dtype), { p }))),
  dropConnect: (x, y) => attempt(() => F.dropConnect(x, y)),
  embeddingDropout: (x, y) => attempt(() => F.embeddingDropout(x.type("int32"), y, 0.5)),
  gaussianDropout: (x) => attempt(() => F.gaussianDropout(x)),
  concreteDropout: (x) => attempt(() => F.concreteDropout(x, x.mean())),
  multiSampleDropout: (x) => attempt(() => F.multiSampleDropout(x, (z) => z.mul(2))),
  layerDrop: (x) => F.layerDrop(x, [(z) => z.mul(2)]),
  rDropLoss: (x, y) => attempt(() => F.rDropLoss(x, x.mul(2), y.slice(0, 0, 1).squeeze(0).type("int32"))),
  linear: (x, y) => F.linear(x, y, ones([2])),
  linearDropout: (x, y) => F.linearDropout(x, y, { bias: ones([2]), activation: "relu", p: 0.5 }),
  bmm: (x, y) => F.bmm(x.unsqueeze(0), y.unsqueeze(0)),
  conv1d: (x, y) => F.conv1d(x, y.reshape([2, 2, 1])),
  conv2d: (x, y) => F.conv2d(x.unsqueeze(0), y.reshape([1, 1, 2, 2])),
  conv3d: (x, y) => F.conv3d(x.reshape([1, 1, 2, 2]), y.reshape([1, 1, 1, 2, 2])),
  convTranspose1d: (x, y) => F.convTranspose1d(x, y.reshape([2, 2, 1])),
  convTranspose2d: (x, y) => F.convTranspose2d(x.unsqueeze(0), y.reshape([1, 1, 2, 2])),
  ...named(["maxPool1d", "avgPool1d"], (op) => (x) => F[op](x, { kernelSize: 2 })),
  ...named(["maxPool2d", "avgPool2d"], (op) => (x) => F[op](x.unsqueeze(0), { kernelSize: 2 })),
  ...named(["maxPool3d", "avgPool3d"], (op) => (x) => F[op](x.reshape([1, 1, 2, 2]), { kernelSize: [1, 2, 2] })),
  adaptiveAvgPool1d: (x) => F.adaptiveAvgPool1d(x, { outputSize: 1 }),
  ...named(["adaptiveAvgPool2d", "adaptiveMaxPool2d"], (op) => (x) => F[op](x.unsqueeze(0), { outputSize: [1, 2] })),
  unfold: (x) => F.unfold(x.unsqueeze(0), { kernelSize: [1, 2] }),
  fold: (x) => F.fold(x.reshape([4, 1]), { outputSize: 2, kernelSize: 2 }),
  minimum: (x, y) => F.minimum(x, y),
  maximum: (x, y) => F.maximum(x, y),
  where: (x, y) => F.where(y.type("bool"), x, y),
  gather: (x, y) => F.gather(x, 0, y.type("int32")),
  scaledDotProductAttention: (x, y) => [
    F.scaledDotProductAttention(x, x, x, { attnMask: y }),
    F.scaledDotProductAttention(x, x, x, { attnMask: y.type("bool"), dropoutP: 0.5, generator: new Generator(1) }),
  ],
  layerNorm: (x, y) => F.layerNorm(x, { normalizedShape: [2, 2], weight: y }),
  rmsNorm: (x, y) => F.rmsNorm(x, { normalizedShape: [2, 2], weight: y }),
  groupNorm: (x) => F.groupNorm(x, { numGroups: 1 }),
  batchNorm: (x, y) => [F.batchNorm(x, { training: true, weight: y.mean({ dim: 0 }) }), F.batchNorm(x, { training: true })],
  instanceNorm: (x) => F.instanceNorm(x.unsqueeze(0)),
  normalize: (x) => F.normalize(x),
  embedding: (x, y) => [F.embedding(x, y), F.embedding(x.type("int32"), y, { paddingIdx: 0 })],
  oneHot: (x) => F.oneHot(x, { numClasses: 2 }),
  pad: (x) => [F.pad(x, { pad: [1, 1] }), F.pad(x, { pad: [1, 0], mode: "circular" })],
  interpolate: (x) => [
    F.interpolate(x.unsqueeze(0), { size: 3 }),
    ...attempt(() => F.interpolate(x.unsqueeze(0), { size: 3, mode: "linear" })),
  ],
  pixelShuffle: (x) => F.pixelShuffle(x.reshape([4, 1, 1]), { upscaleFactor: 2 }),
  ...named(["relu6", "hardtanh", "hardsigmoid", "hardswish", "mish", "celu", "softsign", "logSigmoid", "glu"], (op) => (x) => F[op](x)),
  prelu: (x, y) => F.prelu(x, y.reshape([-1]).slice(0, 0, 1)),
  ...named(["klDivLoss", "huberLoss", "poissonNllLoss", "cosineSimilarity"], (op) => (x, y) => F[op](x, y)),
  gaussianNllLoss: (x, y) => F.gaussianNllLoss(x, y, x.mul(x)),
  cosineEmbeddingLoss: (x, y) => F.cosineEmbeddingLoss(x, y, ones([2])),
  marginRankingLoss: (x, y) => F.marginRankingLoss(x, y, ones([2, 2])),
  tripletMarginLoss: (x, y) => F.tripletMarginLoss(x, y, x.add(y)),
  ...named(["tril", "triu", "argsort", "argmin", "any", "all", "prod", "norm", "clone", "isnan", "logicalNot"], (op) => (x) => F[op](x)),
  ...named(["logicalAnd", "logicalOr"], (op) => (x, y) => F[op](x, y)),
  ...named(["floor", "ceil", "round", "sign", "sin", "cos", "rsqrt"], (op) => (x) => attempt(() => F[op](x))),
  cumsum: (x) => F.cumsum(x, { dim: 0 }),
  logsumexp: (x) => F.logsumexp(x, { dim: 0 }),
  sort: (x) => Object.values(F.sort(x)),
  topk: (x) => Object.values(F.topk(x, { k: 1 })),
  einsum: (x, y) => F.einsum("ij,jk->ik", x, y),
  flip: (x) => F.flip(x, { dims: 0 }),
  roll: (x) => F.roll(x, { shifts: 1 }),
  repeat: (x) => F.repeat(x, { repeats: [2, 1] }),
  repeatInterleave: (x) => F.repeatInterleave(x, { repeats: 2 }),
  split: (x) => F.split(x, { splitSize: 1 }),
  chunk: (x) => F.chunk(x, { chunks: 2 }),
  unbind: (x) => F.unbind(x),
  maskedFill: (x, y) => F.maskedFill(x, y.type("bool"), { value: 1 }),
  indexSelect: (x, y) => F.indexSelect(x, y.reshape([-1]).type("int32")),
};
const ROOT: Record<string, Case> = { cat: (x, y) => core.cat([x, y]), stack: (x, y) => core.stack([x, y]) };
/** What the contract has beside them. */
const BY_NAME: Record<string, Case> = {
  unary: (x) =>
    (["expm1", "log1p", "relu", "sigmoid", "tanh", "erf", "softplus"] as const).flatMap((op) => attempt(() => applyUnary(op, x))),
  binary: (x, y) =>
    (["minimum", "maximum", "reluGrad", "sigmoidGrad", "tanhGrad", "binaryCrossEntropy"] as const).flatMap((op) =>
      attempt(() => applyBinary(op, x, y)),
    ),
};

const DTYPES = ["float32", "float64", "int32", "bool"] as const;

describe("integers and bool", () => {
  test("are looked for in every method and function that there is", () => {
    const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => !OTHERS.includes(name));
    expect(Object.keys(METHODS).sort()).toEqual(methods.sort());
    expect(Object.keys(FUNCTIONS).sort()).toEqual(Object.keys(F).sort());
  });

  test.each(Object.entries({ ...METHODS, ...prefixed("F.", FUNCTIONS), ...ROOT, ...BY_NAME }))(
    "never require a gradient, where %s makes or takes them",
    (_, fn) => {
      let made = 0;
      for (const a of DTYPES) {
        for (const b of DTYPES) {
          const leaves = [
            tensor([1, 0, 1, 1], { shape: [2, 2], requiresGrad: true }),
            tensor([0, 1, 1, 0], { shape: [2, 2], requiresGrad: true }),
          ];
          const [x, y] = leaves.map((leaf, i) => leaf.mul(1).type(i === 0 ? a : b)) as [Tensor, Tensor];
          expect([x.requiresGrad, y.requiresGrad]).toEqual([isFloating(a), isFloating(b)]);
          for (const result of attempt(() => fn(x, y))) {
            made++;
            if (!isFloating(result.dtype)) expect(result.requiresGrad).toBe(false);
            if (!result.requiresGrad) continue;
            result.sum().backward(undefined, { retainGraph: true });
            for (const leaf of leaves) expect(leaf.grad?.dtype ?? "float32").toBe("float32");
          }
        }
      }
      expect(made).toBeGreaterThan(0);
    },
  );

  test("end the graph: what is made of them is a constant to the rest", () => {
    const gradient = (fn: (x: Tensor) => Tensor) => {
      const x = tensor([3.25, 0, -2.5], { requiresGrad: true });
      fn(x).sum().backward();
      return [...(x.grad as Tensor).dataSync()];
    };
    expect(gradient((x) => x.mul(x.type("bool")))).toEqual([1, 0, 1]);
    expect(gradient((x) => x.sub(x.type("int32")))).toEqual([1, 1, 1]);
    expect(gradient((x) => x.sub(x.type("int32")).mul(0.5))).toEqual([0.5, 0.5, 0.5]);
    expect(gradient((x) => x.mul(x.gt(0).add(x.lt(0))))).toEqual([1, 0, 1]);
    expect(gradient((x) => x.where(x.type("bool"), x.mul(5)))).toEqual([1, 5, 1]);
    expect(gradient((x) => F.gather(x, 0, x.abs().type("int32").clamp({ max: 2 })))).toEqual([1, 0, 2]);
    expect(gradient((x) => x.type("float64").mul(3).type("float32"))).toEqual([3, 3, 3]);
  });

  test("have no backward of their own, and the error says so", () => {
    const x = tensor([3.25], { requiresGrad: true });
    expectRefusal(
      () => x.type("int32").sum().backward(),
      "TypeError",
      "backward: expected a float tensor that requires a gradient, got int32 that does not",
    );
    expectRefusal(
      () => x.gt(0).backward(),
      "TypeError",
      "backward: expected a float tensor that requires a gradient, got bool that does not",
    );
    expectRefusal(
      () => grad(x.type("int32"), x),
      "RangeError",
      "grad: expected tensors that require a gradient, got a Tensor [1] - int32 has none",
    );
    expectRefusal(() => ones([1]).where(x.type("bool"), 0).sum().backward(), "TypeError", "got float32 that does not");
  });
});

// --- internal helpers ---

function named<Name extends string>(names: readonly Name[], make: (name: Name) => Case): Record<string, Case> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}

function prefixed(prefix: string, cases: Record<string, Case>): Record<string, Case> {
  return Object.fromEntries(Object.entries(cases).map(([name, fn]) => [prefix + name, fn]));
}

/** What a call makes, or nothing where it refuses the dtype, the rank or the class. */
function attempt(fn: () => Tensor | readonly Tensor[]): readonly Tensor[] {
  try {
    const result = fn();
    return Array.isArray(result) ? result : [result as Tensor];
  } catch (error) {
    expect(["TypeError", "RangeError", "ShapeError"]).toContain((error as Error).name);
    return [];
  }
}
