/** `nn`: modules, containers, losses. */
import { isTensor, nn } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

type Make = (w: World) => nn.Module;
type Settings = Readonly<Record<string, Place>>;

/** The `forward` of a module, whose own properties a program may have set: those in `settings` rightly, all others to anything. */
function forward(make: Make, args: readonly Place[], settings: Settings = {}, says: readonly string[] = []): Case {
  const names = Object.keys(make({ generator: undefined } as unknown as World));
  const module = (w: World) => w.once("module", () => w.module(make(w)));
  const others = names
    .filter((name) => !(name in settings))
    .map((name) => [name, { valid: (w: World) => Reflect.get(module(w), name), accepts: () => true }]);
  return { on: p.receiver(module), args, settings: { ...settings, ...Object.fromEntries(others) }, says };
}

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
/** One that is gone has no gradient, and so is passed over. */
const anyTensor: Place = { ...p.tensor(), accepts: isTensor };
const dim = [p.options({ dim: p.integer(1) }, ["dim"])];

/** Values for the parameters of a world's model. */
const stateDict = p.object((w) => ({ "0.weight": w.tensor([2, 3]), "0.bias": new Float32Array(2) }), {
  "0.weight": p.operand(),
  "0.bias": { valid: () => new Float32Array(2), accepts: (value) => value instanceof Float32Array && value.length === 2 },
});

export const nnCases: Cases = {
  "nn.Parameter": [p.tensor(), p.options({ requiresGrad: p.flag() })],
  "nn.Buffer": [p.tensor()],
  "nn.clipGradValue": [p.or(p.iterable(anyTensor), anyTensor), p.number(1, (n) => n >= 0)],
  "nn.clipGradNorm": [p.or(p.iterable(anyTensor), anyTensor), p.number(1, (n) => n >= 0)],

  "nn.Module": [],
  "nn.Module#train": [p.optional(p.flag())],
  "nn.Module#eval": [],
  "nn.Module#children": [],
  "nn.Module#modules": [],
  "nn.Module#namedModules": [],
  "nn.Module#parameters": [],
  "nn.Module#namedParameters": [],
  "nn.Module#namedBuffers": [],
  "nn.Module#stateDict": [],
  "nn.Module#loadStateDict": [stateDict],
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
  "nn.ModuleList": [p.optional(p.iterable(p.module))],
  "nn.ModuleList#at": [p.integer(0)],
  "nn.ModuleList#append": [p.module],
  "nn.ModuleList#[Symbol.iterator]": [],
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
  "nn.GELU": [],
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
  "nn.GELU#forward": activation(() => new nn.GELU()),
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
  "nn.BCELoss": [p.options(reduced)],
  "nn.BCEWithLogitsLoss": [p.options(reduced)],
  "nn.NLLLoss": [p.options(reduced)],
  "nn.CrossEntropyLoss": [p.options({ ...reduced, labelSmoothing: p.fraction(0.1) })],
  "nn.MSELoss#forward": loss(() => new nn.MSELoss(), "mseLoss"),
  "nn.L1Loss#forward": loss(() => new nn.L1Loss(), "l1Loss"),
  "nn.SmoothL1Loss#forward": loss(() => new nn.SmoothL1Loss(), "smoothL1Loss"),
  "nn.BCELoss#forward": loss(() => new nn.BCELoss(), "binaryCrossEntropy"),
  "nn.BCEWithLogitsLoss#forward": loss(() => new nn.BCEWithLogitsLoss(), "binaryCrossEntropyWithLogits"),
  "nn.NLLLoss#forward": loss(() => new nn.NLLLoss(), "nllLoss", classes),
  "nn.CrossEntropyLoss#forward": loss(() => new nn.CrossEntropyLoss(), "crossEntropy", classes),
};
