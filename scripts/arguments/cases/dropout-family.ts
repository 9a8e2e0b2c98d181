/** The dropout family beyond PyTorch's. */
import { nn } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";
import { forward, type Make, type Settings } from "./nn-forward";

const rate = { p: p.fraction(0.5), generator: p.generator };
const drawn = { ...rate, training: p.flag() };
const placed = { ...drawn, elementOffset: p.integer(0, 0, 2 ** 52) };
const inPlace = { ...placed, inplace: p.flag() };
/** A lone number stands for p. */
const options = (places: Readonly<Record<string, Place>>): Place => p.or(p.options(places), p.fraction(0.5));
const layer = (more: Readonly<Record<string, Place>> = {}): Case => [options({ ...rate, inplace: p.flag(), ...more })];
const plain = (more: Readonly<Record<string, Place>> = {}): Place => options({ ...rate, ...more });
const laid = (make: Make, shape: readonly number[], more: Settings = {}): Case =>
  forward(make, [p.tensor(shape)], { p: p.fraction(0.5), training: p.flag(), inplace: p.flag(false), ...more });
const own = (make: Make, args: readonly Place[], more: Settings = {}, says: readonly string[] = []): Case =>
  forward(make, args, { p: p.fraction(0.5), training: p.flag(), ...more }, says);
const words: Place = p.operand([2, 3], { dtype: "int32" });
const mode = p.word("row", "batch");
const belowOne = p.number(0.5, (n) => n >= 0 && n < 1);
const warm = p.number(0.5, (n) => n > 0 && n < Number.POSITIVE_INFINITY);
const generator = ({ generator }: World) => ({ generator });
const same: Place = p.callback(p.tensor(), () => (x: unknown) => x);
/** A function that is not called in every run. */
const perhaps: Place = { valid: () => (x: unknown) => x, accepts: (value) => typeof value === "function" };

export const dropoutFamilyCases: Cases = {
  "functional.dropPath": [p.tensor(), options({ ...inPlace, mode })],
  "functional.lockedDropout": [p.tensor([2, 3, 2]), options({ ...inPlace, batchFirst: p.flag() })],
  "functional.tokenDropout": [p.tensor([2, 3, 2]), options({ ...inPlace, batchFirst: p.flag() })],
  "functional.headDropout": [p.tensor([2, 2, 3, 2]), options(inPlace)],
  "functional.dropBlock2d": [p.tensor([2, 2, 4, 4]), options({ ...placed, blockSize: p.integer(2, 1) })],
  "functional.zoneout": [p.operand(), p.operand(), options(placed)],
  "functional.dropConnect": [p.operand([4, 3]), p.operand([2, 3]), options({ ...drawn, bias: p.nullable(p.operand([2])) })],
  "functional.embeddingDropout": {
    args: [words, p.operand([4, 3]), options({ ...drawn, paddingIdx: p.nullable(p.integer(1, -4, 3)) })],
    says: ["embedding"],
  },
  "functional.gaussianDropout": [p.tensor(), p.or(p.options({ ...drawn, p: belowOne }), belowOne)],
  "functional.concreteDropout": [p.operand(), p.operand([1]), p.options({ training: p.flag(), generator: p.generator, temperature: warm })],
  "functional.multiSampleDropout": [p.tensor(), same, options({ ...drawn, samples: p.integer(2, 1, 4096) })],
  "functional.layerDrop": [p.tensor(), p.iterable(perhaps), options(drawn)],
  "functional.rDropLoss": {
    args: [p.operand(), p.operand(), p.operand([2], { dtype: "int32" }), p.options({ alpha: p.amount(1) })],
    says: ["crossEntropy"],
  },

  "nn.DropPath": layer({ mode }),
  "nn.LockedDropout": layer({ batchFirst: p.flag() }),
  "nn.TokenDropout": layer({ batchFirst: p.flag() }),
  "nn.HeadDropout": layer(),
  "nn.HeldDropout": [plain({ noiseShape: p.list(p.nullable(p.integer(1, -1)), 2) })],
  "nn.DropBlock2d": [plain({ blockSize: p.integer(2, 1) })],
  "nn.Zoneout": [plain()],
  "nn.EmbeddingDropout": [{ ...p.module, valid: (w) => w.module(new nn.Embedding(4, 3)) }, plain()],
  "nn.MultiSampleDropout": [p.module, plain({ samples: p.integer(2, 1, 4096) })],
  "nn.WeightDrop": [
    { ...p.module, valid: (w) => w.module(new nn.Linear(3, 2)), accepts: () => false },
    p.iterable(p.word("weight", "bias")),
    plain(),
  ],
  "nn.LayerDrop": [p.iterable(p.module), plain()],
  "nn.GaussianDropout": [p.or(p.options({ p: belowOne, generator: p.generator }), belowOne)],
  "nn.ConcreteDropout": [
    p.or(
      p.options({ p: p.number(0.5, (n) => n > 0 && n < 1), temperature: warm, generator: p.generator, backend: p.backend }),
      p.number(0.5, (n) => n > 0 && n < 1),
    ),
  ],
  "nn.RDropLoss": [p.options({ alpha: p.amount(1) })],

  "nn.DropPath#forward": laid((w) => new nn.DropPath(generator(w)), [2, 3], { mode }),
  "nn.LockedDropout#forward": laid((w) => new nn.LockedDropout(generator(w)), [2, 3, 2], { batchFirst: p.flag() }),
  "nn.TokenDropout#forward": laid((w) => new nn.TokenDropout(generator(w)), [2, 3, 2], { batchFirst: p.flag() }),
  "nn.HeadDropout#forward": laid((w) => new nn.HeadDropout(generator(w)), [2, 2, 3, 2]),
  "nn.HeldDropout#forward": laid((w) => new nn.HeldDropout(generator(w)), [2, 3], {
    noiseShape: p.optional(p.list(p.nullable(p.integer(1, -1, 3)), 2)),
  }),
  "nn.HeldDropout#holdMask": { on: p.receiver(() => new nn.HeldDropout()), args: [p.optional(p.flag())] },
  "nn.HeldDropout#newMask": { on: p.receiver(() => new nn.HeldDropout()) },
  "nn.DropBlock2d#forward": own((w) => new nn.DropBlock2d(generator(w)), [p.tensor([2, 2, 4, 4])], { blockSize: p.integer(2, 1) }),
  "nn.Zoneout#forward": own((w) => new nn.Zoneout(generator(w)), [p.operand(), p.operand()]),
  "nn.EmbeddingDropout#forward": own((w) => new nn.EmbeddingDropout(new nn.Embedding(4, 3), generator(w)), [words], {}, ["embedding"]),
  "nn.MultiSampleDropout#forward": {
    ...(own(
      (w) => new nn.MultiSampleDropout(new nn.ReLU(), generator(w)),
      [p.tensor()],
      { samples: p.integer(2, 1, 4096), head: p.module },
      ["relu"],
    ) as object),
    leavesSteps: true,
  },
  "nn.WeightDrop#forward": own((w) => new nn.WeightDrop(new nn.Linear(3, 2), ["weight"], generator(w)), [p.tensor([2, 3])], {}, ["linear"]),
  "nn.WeightDrop#lastMask": [],
  "nn.LayerDrop#forward": {
    ...(own((w) => new nn.LayerDrop([new nn.ReLU(), new nn.Tanh()], generator(w)), [p.tensor()], {}, [
      "relu",
      "tanh",
      "layerDrop",
      "linear",
    ]) as object),
    leavesSteps: true,
  },
  "nn.GaussianDropout#forward": own((w) => new nn.GaussianDropout(generator(w)), [p.tensor()], { p: belowOne }),
  "nn.GaussianDropout#lastNoise": { on: p.receiver(() => new nn.GaussianDropout()) },
  "nn.ConcreteDropout#forward": forward(
    (w) => new nn.ConcreteDropout(generator(w)),
    [p.operand()],
    { training: p.flag(), temperature: warm },
    ["concreteDropout"],
  ),
  "nn.ConcreteDropout#rate": { on: p.receiver((w) => w.module(new nn.ConcreteDropout())) },
  "nn.ConcreteDropout#regularizer": {
    on: p.receiver((w) => w.module(new nn.ConcreteDropout())),
    args: [p.operand(), p.integer(3, 1), p.options({ weight: p.amount(1), dropout: p.amount(1) })],
  },
  "nn.RDropLoss#forward": {
    on: p.receiver(() => new nn.RDropLoss()),
    args: [p.operand(), p.operand(), p.operand([2], { dtype: "int32" })],
    says: ["rDropLoss", "crossEntropy"],
  },
  "MaskLayer#lastMask": { on: p.receiver(() => new nn.Zoneout()) },
};
