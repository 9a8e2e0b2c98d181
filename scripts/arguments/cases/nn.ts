/** `nn`: modules, containers, losses. */
import { isTensor, nn } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import { isEmptyObject } from "../places";
import { forward, type Make, type Settings } from "./nn-forward";

const activation = (make: Make, settings: Settings = {}): Case => forward(make, [p.tensor()], settings);
const mask = { p: p.fraction(0.5), inplace: p.flag(), generator: p.generator };
/** A lone number stands for p. */
const maskOptions = [p.or(p.options(mask), p.fraction(0.5))];
const noiseShape = p.list(p.nullable(p.integer(1, -1, 3)), 2);
const dropout = (make: Make, shape: readonly number[], more: Settings = {}): Case =>
  forward(make, [p.tensor(shape)], { p: p.fraction(0.5), inplace: p.flag(false), training: p.flag(), ...more });
const reduced = { reduction: p.word("mean", "sum", "none") };
const loss = (make: Make, says: string, target: Place = p.operand()): Case => forward(make, [p.operand(), target], {}, [says]);
const classes = p.operand([2], { dtype: "int32" });
/** Of which backend it is shows when the loss is computed. */
const weight = p.nullable(p.tensor([3]));
/** One that is gone has no gradient, and so is passed over. */
const anyTensor: Place = { ...p.tensor(), accepts: isTensor };
const dim = [p.options({ dim: p.integer(1) }, ["dim"])];
const eps = p.amount(0.1);
const norm = { eps, backend: p.backend };
const normalizedShape = p.or(p.shape([3], 0), p.integer(3, 0, 1000));
const statistics = [
  p.integer(3, 1, 1000),
  p.options({ ...norm, momentum: p.nullable(p.fraction(0.5)), affine: p.flag(), trackRunningStats: p.flag() }),
];
const parameterOf = (shape: readonly number[]): Place => p.nullable(p.optional({ ...p.operand(), valid: (w) => w.parameter(shape) }));
/** The `forward` of a normalisation of these sizes. */
const normForward = (make: Make, shape: readonly number[], parameters: readonly number[], says: string, settings: Settings = {}): Case =>
  forward(make, [p.operand(shape)], { weight: parameterOf(parameters), ...settings }, [says]);
const statisticsForward = (make: Make, shape: readonly number[]): Case =>
  forward(make, [p.operand(shape)], { eps, momentum: p.nullable(p.fraction(0.5)), training: p.flag() });
const padding = (spatial: number) => p.or(p.list(p.integer(1), 2 * spatial), p.integer(1));
const draw = (places: Readonly<Record<string, Place>> = {}) => p.options({ ...places, generator: p.generator });
const factor = p.number(2, (n) => n >= 0.5 && n < 1000);
const finite = (valid: number) => p.number(valid, Number.isFinite);
const target = p.tensor([3, 3]);
/** An object among the kinds of wrong values that is right where there is an option `a`. */
const withA = (place: Place): Place => p.or(place, { valid: place.valid, accepts: (value) => isJust(value, { a: 1 }) });
/** Every padding layer, and its `forward`. */
const paddings = (): Cases =>
  Object.fromEntries(
    [1, 2, 3].flatMap((n): [string, Case][] => {
      const layers = ["Zero", "Reflection", "Replication", "Circular"].map((kind): [string, Case] => [`nn.${kind}Pad${n}d`, [padding(n)]]);
      const all = [...layers, [`nn.ConstantPad${n}d`, [padding(n), p.number(2)]] as [string, Case]];
      const shape = [2, 3, 2, 3, 4].slice(3 - n);
      return all.flatMap(([id, made]): [string, Case][] => {
        const make = () => new nn[id.slice(3) as "ConstantPad1d"](1, 2);
        const settings = { padding: p.list(p.integer(1, -3, 1000), 2 * n) };
        return [
          [id, made],
          [`${id}#forward`, forward(make, [p.tensor(shape)], settings, ["pad"])],
        ];
      });
    }),
  );

/** Values for the parameters of a world's model. */
const stateDict = p.object((w) => ({ "0.weight": w.tensor([2, 3]), "0.bias": new Float32Array(2) }), {
  "0.weight": p.operand(),
  "0.bias": { valid: () => new Float32Array(2), accepts: (value) => value instanceof Float32Array && value.length === 2 },
});

/** Called by `forward` alone. */
const hook: Place = { valid: () => () => {}, accepts: (value) => typeof value === "function" };

export const nnCases: Cases = {
  "nn.Parameter": [p.tensor(), p.options({ requiresGrad: p.flag() })],
  "nn.Buffer": [p.tensor()],
  "nn.clipGradValue": [p.or(p.iterable(anyTensor), anyTensor), p.number(1, (n) => n >= 0)],
  "nn.clipGradNorm": [p.or(p.iterable(anyTensor), anyTensor), p.number(1, (n) => n >= 0)],

  "nn.Module": [],
  "nn.Module#registerForwardHook": [hook],
  "nn.Module#registerForwardPreHook": [hook],
  "nn.Module#train": [p.optional(p.flag())],
  "nn.Module#eval": [],
  "nn.Module#children": [],
  "nn.Module#modules": [],
  "nn.Module#namedModules": [],
  "nn.Module#parameters": [],
  "nn.Module#namedParameters": [],
  "nn.Module#namedBuffers": [],
  "nn.Module#namedGenerators": [],
  "nn.Module#stateDict": [],
  "nn.Module#loadStateDict": [
    stateDict,
    p.options({
      strict: p.flag(),
      convert: p.flag(false),
      rename: {
        valid: () => ({ other: "name" }),
        accepts: (value) => value === undefined || p.isEmptyObject(value) || typeof value === "function",
      },
    }),
  ],
  "nn.Module#to": { isAsync: true, args: [p.backend] },
  "nn.Module#zeroGrad": [],
  "nn.Module#apply": [{ ...p.callback(p.anything()), accepts: (value) => typeof value === "function" && !/^class/.test(String(value)) }],
  "nn.Module#toString": [],
  "nn.Module#[nodejs.util.inspect.custom]": [],
  "nn.Module#toJSON": { refuses: true, says: ["JSON"] },

  "nn.Sequential": [p.module, p.module],
  "nn.Sequential#forward": {
    ...(forward(() => new nn.Sequential(new nn.ReLU(), new nn.Tanh()), [p.tensor()], { 0: p.module }, [
      "relu",
      "tanh",
      "linear",
    ]) as object),
    leavesSteps: true,
  },
  "nn.Sequential#at": [p.integer(0)],
  "nn.Sequential#append": { args: [p.module], says: ["Sequential"] },
  "nn.ModuleList": [p.optional(p.iterable(p.module))],
  "PartList#at": [p.integer(0)],
  "PartList#append": { args: [p.module], says: ["ModuleList"] },
  "PartList#[Symbol.iterator]": [],
  "nn.ParameterList": { args: [p.optional(p.iterable(p.tensor()))], says: ["Parameter"] },
  "nn.ParameterList#forward": { refuses: true, on: p.receiver((w) => w.module(new nn.ParameterList([w.parameter()]))) },
  "nn.ModuleDict": [p.optional(p.object((w) => ({ a: w.module(new nn.ReLU()) }), { a: p.module }, isEmptyObject))],
  "nn.ModuleDict#get": [p.anything("a")],
  "nn.ModuleDict#has": [p.anything("a")],
  "nn.ModuleDict#set": [{ valid: () => "a", accepts: (value) => typeof value === "string" }, p.module],
  "nn.ModuleDict#keys": [],
  "nn.ModuleDict#values": [],
  "nn.ModuleDict#items": [],
  "nn.ModuleDict#forward": { refuses: true },
  "nn.ModuleList#forward": { refuses: true },

  "nn.Linear": [p.integer(3, 1, 1000), p.integer(2, 1, 1000), p.options({ bias: p.flag(), backend: p.backend, generator: p.generator })],
  "nn.Linear#forward": forward((w) => new nn.Linear(3, 2, { generator: w.generator }), [p.operand([4, 3])], {
    weight: { ...p.operand(), valid: (w) => w.parameter([2, 3]) },
    bias: p.nullable(p.optional({ ...p.operand(), valid: (w) => w.parameter([2]) })),
  }),

  "nn.Identity": [],
  "nn.Identity#forward": activation(() => new nn.Identity()),
  "nn.Flatten": [p.options({ startDim: p.integer(1), endDim: p.integer(-1) })],
  "nn.Flatten#forward": forward(() => new nn.Flatten(), [p.tensor([2, 3, 4])], { startDim: p.dim(0, 3), endDim: p.dim(1, 3) }),

  "nn.Unflatten": [p.integer(1), p.list(p.integer(3, -1, 2 ** 53), 2)],
  "nn.Unflatten#forward": forward(() => new nn.Unflatten(1, [3, -1]), [p.tensor([2, 3, 4])], { dim: p.dim(1, 3) }),

  "nn.LayerNorm": [normalizedShape, p.options({ ...norm, elementwiseAffine: p.flag(), bias: p.flag() })],
  "nn.RMSNorm": [normalizedShape, p.options({ ...norm, eps: p.nullable(eps), elementwiseAffine: p.flag() })],
  "nn.GroupNorm": [p.integer(2, 1, 4), p.integer(4, 1, 1000), p.options({ ...norm, affine: p.flag() })],
  "nn.LayerNorm#forward": normForward(() => new nn.LayerNorm(3), [4, 3], [3], "layerNorm", { bias: parameterOf([3]), eps }),
  "nn.RMSNorm#forward": normForward(() => new nn.RMSNorm(3), [4, 3], [3], "rmsNorm", { eps: p.nullable(eps) }),
  "nn.GroupNorm#forward": normForward(() => new nn.GroupNorm(2, 4), [2, 4, 3], [4], "groupNorm", { bias: parameterOf([4]), eps }),
  ...Object.fromEntries(["BatchNorm", "InstanceNorm"].flatMap((kind) => [1, 2, 3].map((n) => [`nn.${kind}${n}d`, statistics]))),
  "nn.BatchNorm1d#forward": statisticsForward(() => new nn.BatchNorm1d(2), [4, 2]),
  "nn.BatchNorm2d#forward": statisticsForward(() => new nn.BatchNorm2d(2), [1, 2, 2, 1]),
  "nn.BatchNorm3d#forward": statisticsForward(() => new nn.BatchNorm3d(2), [1, 2, 2, 1, 1]),
  "nn.InstanceNorm1d#forward": statisticsForward(() => new nn.InstanceNorm1d(2, { affine: true, trackRunningStats: true }), [4, 2, 3]),
  "nn.InstanceNorm2d#forward": statisticsForward(() => new nn.InstanceNorm2d(2), [2, 2, 2]),
  "nn.InstanceNorm3d#forward": statisticsForward(() => new nn.InstanceNorm3d(2), [2, 2, 1, 2]),

  "nn.Embedding": [
    p.integer(4, 2, 1000),
    p.integer(3, 1, 1000),
    p.options({ paddingIdx: p.nullable(p.integer(1, -4, 3)), backend: p.backend, generator: p.generator }),
  ],
  "nn.Embedding#forward": forward((w) => new nn.Embedding(4, 3, { generator: w.generator }), [p.operand([2, 3], { dtype: "int32" })], {
    weight: { ...p.operand(), valid: (w) => w.parameter([4, 3]) },
    paddingIdx: p.optional(p.nullable(p.integer(1, -4, 3))),
  }),

  ...paddings(),
  "nn.PaddingLayer": "abstract: its layers have cases",
  "nn.PaddingLayer#forward": "theirs have cases",
  "nn.Upsample": [
    p.options(
      {
        scaleFactor: p.or(p.list(p.number(2), 2), p.number(2)),
        mode: p.word("linear", "bilinear", "trilinear"),
        alignCorners: p.nullable(p.flag()),
      },
      ["scaleFactor", "mode"],
    ),
  ],
  "nn.Upsample#forward": forward(
    () => new nn.Upsample({ scaleFactor: 2, mode: "linear" }),
    [p.tensor([1, 2, 3])],
    { scaleFactor: p.or(factor, p.list(factor)), alignCorners: p.optional(p.nullable(p.flag())) },
    ["interpolate"],
  ),
  "nn.PixelShuffle": [p.integer(2, 1)],
  "nn.PixelShuffle#forward": forward(() => new nn.PixelShuffle(2), [p.tensor([4, 2, 3])], { upscaleFactor: p.integer(2, 1, 2) }),

  "nn.init.uniform": [target, withA(draw({ a: finite(0), b: finite(1) }))],
  "nn.init.normal": [target, draw({ mean: finite(1), std: p.amount(2) })],
  "nn.init.truncNormal": [target, withA(draw({ mean: finite(1), std: p.amount(2), a: finite(0), b: finite(1) }))],
  "nn.init.constant": [target, p.number(1)],
  "nn.init.ones": [target],
  "nn.init.zeros": [target],
  "nn.init.eye": [target],
  "nn.init.dirac": [p.operand([2, 2, 3]), p.options({ groups: p.integer(2, 1, 2) })],
  "nn.init.xavierUniform": [target, draw({ gain: finite(1) })],
  "nn.init.xavierNormal": [target, draw({ gain: finite(1) })],
  "nn.init.kaimingUniform": [target, withA(draw({ a: finite(0), mode: p.word("fanIn", "fanOut"), nonlinearity: p.word("relu") }))],
  "nn.init.kaimingNormal": [target, withA(draw({ a: finite(0), mode: p.word("fanIn", "fanOut"), nonlinearity: p.word("relu") }))],
  "nn.init.orthogonal": [target, draw({ gain: finite(1) })],
  "nn.init.sparse": [target, p.fraction(0.5), draw({ std: p.amount(1) })],
  "nn.init.calculateGain": [p.word("leakyRelu"), p.options({ param: p.number(0.1) })],

  "nn.Dropout": [p.or(p.options({ ...mask, noiseShape: p.list(p.nullable(p.integer(1, -1)), 2) }), p.fraction(0.5))],
  "nn.Dropout1d": maskOptions,
  "nn.Dropout2d": maskOptions,
  "nn.Dropout3d": maskOptions,
  "nn.AlphaDropout": maskOptions,
  "nn.FeatureAlphaDropout": maskOptions,
  "nn.Dropout#forward": dropout((w) => new nn.Dropout({ generator: w.generator }), [2, 3], { noiseShape: p.optional(noiseShape) }),
  "nn.Dropout1d#forward": dropout((w) => new nn.Dropout1d({ generator: w.generator }), [2, 3, 4]),
  "nn.Dropout2d#forward": dropout((w) => new nn.Dropout2d({ generator: w.generator }), [2, 3, 2, 2]),
  "nn.Dropout3d#forward": dropout((w) => new nn.Dropout3d({ generator: w.generator }), [2, 3, 2, 2, 1]),
  "nn.AlphaDropout#forward": dropout((w) => new nn.AlphaDropout({ generator: w.generator }), [2, 3]),
  "nn.FeatureAlphaDropout#forward": dropout((w) => new nn.FeatureAlphaDropout({ generator: w.generator }), [2, 3, 4]),
  "DropoutLayer#lastMask": { on: p.receiver(() => new nn.Dropout()) },

  "nn.ReLU": [],
  "nn.Sigmoid": [],
  "nn.Tanh": [],
  "nn.GELU": [p.options({ approximate: p.word("none", "tanh") })],
  "nn.ReLU6": [],
  "nn.Hardsigmoid": [],
  "nn.Hardswish": [],
  "nn.Mish": [],
  "nn.Softsign": [],
  "nn.LogSigmoid": [],
  "nn.Hardtanh": [p.options({ minVal: p.number(-1, (n) => n <= 1), maxVal: p.number(1, (n) => n >= -1) })],
  "nn.CELU": [p.options({ alpha: p.number(1, (n) => n !== 0) })],
  "nn.GLU": [p.options({ dim: p.integer(-1) })],
  "nn.PReLU": [p.options({ numParameters: p.integer(1, 1, 1000), init: p.number(0.25), backend: p.backend })],
  "nn.SiLU": [],
  "nn.SELU": [],
  "nn.LeakyReLU": [p.options({ negativeSlope: p.number(0.1) })],
  "nn.ELU": [p.options({ alpha: p.number(1) })],
  "nn.Softplus": [p.options({ beta: p.number(1) })],
  "nn.Softmax": dim,
  "nn.LogSoftmax": dim,
  "nn.ReLU#forward": activation(() => new nn.ReLU()),
  "nn.Sigmoid#forward": activation(() => new nn.Sigmoid()),
  "nn.Tanh#forward": activation(() => new nn.Tanh()),
  "nn.GELU#forward": activation(() => new nn.GELU(), { approximate: p.word("none", "tanh") }),
  "nn.ReLU6#forward": activation(() => new nn.ReLU6()),
  "nn.Hardsigmoid#forward": activation(() => new nn.Hardsigmoid()),
  "nn.Hardswish#forward": activation(() => new nn.Hardswish()),
  "nn.Mish#forward": activation(() => new nn.Mish()),
  "nn.Softsign#forward": activation(() => new nn.Softsign()),
  "nn.LogSigmoid#forward": activation(() => new nn.LogSigmoid()),
  "nn.Hardtanh#forward": activation(() => new nn.Hardtanh(), {
    minVal: p.number(-1, (n) => n <= 1),
    maxVal: p.number(1, (n) => n >= -1),
  }),
  "nn.CELU#forward": activation(() => new nn.CELU(), { alpha: p.number(1, (n) => n !== 0) }),
  "nn.GLU#forward": forward(() => new nn.GLU(), [p.tensor([2, 4])], { dim: p.dim(1) }, ["glu"]),
  "nn.PReLU#forward": forward(() => new nn.PReLU(), [p.operand()], {}, ["prelu"]),
  "nn.SiLU#forward": activation(() => new nn.SiLU()),
  "nn.SELU#forward": activation(() => new nn.SELU()),
  "nn.LeakyReLU#forward": activation(() => new nn.LeakyReLU(), { negativeSlope: p.number(0.1) }),
  "nn.ELU#forward": activation(() => new nn.ELU(), { alpha: p.number(1) }),
  "nn.Softplus#forward": activation(() => new nn.Softplus(), { beta: p.number(1) }),
  "nn.Softmax#forward": activation(() => new nn.Softmax({ dim: 0 }), { dim: p.dim() }),
  "nn.LogSoftmax#forward": activation(() => new nn.LogSoftmax({ dim: 0 }), { dim: p.dim() }),

  "nn.MSELoss": [p.options(reduced)],
  "nn.L1Loss": [p.options(reduced)],
  "nn.SmoothL1Loss": [p.options({ ...reduced, beta: p.number(1, (n) => n >= 0) })],
  "nn.BCELoss": [p.options({ ...reduced, weight })],
  "nn.BCEWithLogitsLoss": [p.options({ ...reduced, weight, posWeight: weight })],
  "nn.NLLLoss": [p.options({ ...reduced, weight, ignoreIndex: p.integer(-100) })],
  "nn.CrossEntropyLoss": [p.options({ ...reduced, weight, ignoreIndex: p.integer(-100), labelSmoothing: p.fraction(0.1) })],
  "nn.HuberLoss": [p.options({ ...reduced, delta: p.number(1, (n) => n > 0) })],
  "nn.KLDivLoss": [p.options({ reduction: p.word("mean", "batchmean", "sum", "none"), logTarget: p.flag() })],
  "nn.GaussianNLLLoss": [p.options({ ...reduced, full: p.flag(), eps: p.number(1e-6, (n) => n > 0) })],
  "nn.PoissonNLLLoss": [p.options({ ...reduced, logInput: p.flag(), full: p.flag(), eps: p.number(1e-8) })],
  "nn.CosineEmbeddingLoss": [p.options({ ...reduced, margin: p.number(0) })],
  "nn.MarginRankingLoss": [p.options({ ...reduced, margin: p.number(0) })],
  "nn.TripletMarginLoss": [
    p.options({ ...reduced, margin: p.number(1, (n) => n > 0), p: p.number(2), eps: p.number(1e-6), swap: p.flag() }),
  ],
  "nn.CosineSimilarity": [p.options({ dim: p.integer(1), eps: p.number(1e-8) })],
  "nn.HuberLoss#forward": loss(() => new nn.HuberLoss(), "huberLoss"),
  "nn.KLDivLoss#forward": loss(() => new nn.KLDivLoss(), "klDivLoss"),
  "nn.GaussianNLLLoss#forward": forward(() => new nn.GaussianNLLLoss(), [p.operand(), p.operand(), p.operand()], {}, ["gaussianNllLoss"]),
  "nn.PoissonNLLLoss#forward": loss(() => new nn.PoissonNLLLoss(), "poissonNllLoss"),
  "nn.CosineEmbeddingLoss#forward": forward(() => new nn.CosineEmbeddingLoss(), [p.operand(), p.operand(), p.operand([2])], {}, [
    "cosineEmbeddingLoss",
  ]),
  "nn.MarginRankingLoss#forward": forward(() => new nn.MarginRankingLoss(), [p.operand(), p.operand(), p.operand()], {}, [
    "marginRankingLoss",
  ]),
  "nn.TripletMarginLoss#forward": forward(() => new nn.TripletMarginLoss(), [p.operand(), p.operand(), p.operand()], {}, [
    "tripletMarginLoss",
  ]),
  "nn.CosineSimilarity#forward": forward(
    () => new nn.CosineSimilarity(),
    [p.operand(), p.operand()],
    { dim: p.dim(1), eps: p.number(1e-8) },
    ["cosineSimilarity"],
  ),
  "nn.MSELoss#forward": loss(() => new nn.MSELoss(), "mseLoss"),
  "nn.L1Loss#forward": loss(() => new nn.L1Loss(), "l1Loss"),
  "nn.SmoothL1Loss#forward": loss(() => new nn.SmoothL1Loss(), "smoothL1Loss"),
  "nn.BCELoss#forward": loss(() => new nn.BCELoss(), "binaryCrossEntropy"),
  "nn.BCEWithLogitsLoss#forward": loss(() => new nn.BCEWithLogitsLoss(), "binaryCrossEntropyWithLogits"),
  "nn.NLLLoss#forward": loss(() => new nn.NLLLoss(), "nllLoss", classes),
  "nn.CrossEntropyLoss#forward": loss(() => new nn.CrossEntropyLoss(), "crossEntropy", classes),
};

// --- internal helpers ---

/** True for an object of these properties and no others. */
function isJust(value: unknown, properties: object): boolean {
  try {
    return JSON.stringify(value) === JSON.stringify(properties);
  } catch {
    return false;
  }
}
