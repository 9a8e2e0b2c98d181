/** Faults of core in losses, activations, functions of tensors and optimizers, and the tests that must notice. */
import type * as Core from "@dropwise/core";
import { describe, test, vi } from "vitest";
import { expectNoticed } from "./notices";

const faulty = vi.hoisted(() => ({ now: "" }));

/** Functions that are wrong while their fault is on; each fault changes the options or composes the function otherwise. */
vi.mock("@dropwise/core", async (original) => {
  const core = await original<typeof Core>();
  const { functional: F, optim } = core;
  type Functions = typeof F;
  const faults: { [Name in keyof Functions]?: Readonly<Record<string, Functions[Name]>> } = {
    crossEntropy: {
      "ignored classes counted in the mean": (x, y, options) => {
        const { reduction = "mean", ...rest } = options ?? {};
        const each = F.crossEntropy(x, y, { ...rest, reduction: "none" });
        return reduction === "none" ? each : reduction === "sum" ? each.sum() : each.mean();
      },
      "smoothing without the classes' weights": (x, y, options) => {
        const { labelSmoothing = 0, ...rest } = options ?? {};
        const smooth = F.crossEntropy(x, y, rest).mul(1 - labelSmoothing);
        return labelSmoothing === 0 ? smooth : smooth.add(F.logSoftmax(x, { dim: 1 }).neg().mean().mul(labelSmoothing));
      },
    },
    binaryCrossEntropyWithLogits: {
      "posWeight on negative targets, too": (x, y, options) => {
        const { posWeight, weight, ...rest } = options ?? {};
        const both = posWeight && weight ? posWeight.mul(weight) : (posWeight ?? weight);
        return F.binaryCrossEntropyWithLogits(x, y, both ? { ...rest, weight: both } : rest);
      },
    },
    klDivLoss: {
      "batchmean by all elements": (x, y, o) => F.klDivLoss(x, y, o?.reduction === "batchmean" ? { ...o, reduction: "mean" } : o),
      "logTarget overheard": (x, y, o) => F.klDivLoss(x, y, { ...o, logTarget: false }),
    },
    gaussianNllLoss: { "full without its constant": (x, y, v, o) => F.gaussianNllLoss(x, y, v, { ...o, full: false }) },
    gelu: { "tanh for erf, erf for tanh": (x, o) => F.gelu(x, { approximate: o?.approximate === "tanh" ? "none" : "tanh" }) },
    glu: {
      "the halves swapped": (x, o) => {
        const [a, b] = F.chunk(x, { chunks: 2, dim: o?.dim ?? -1 }) as [Core.Tensor, Core.Tensor];
        return b.mul(F.sigmoid(a));
      },
    },
    prelu: { "one weight for all channels": (x, w) => F.prelu(x, w.mean().reshape([1])) },
    cumsum: { "sums without the element itself": (x, o) => F.cumsum(x, o).sub(x) },
    sort: { "equals in the opposite order": (x, o) => F.sort(x, { ...o, descending: !o?.descending }) },
    topk: { "the smallest for the largest": (x, o) => F.topk(x, { ...o, largest: !(o.largest ?? true) }) },
    tril: { "the diagonal one off": (x, o) => F.tril(x, { diagonal: (o?.diagonal ?? 0) - 1 }) },
    roll: { "shifts backwards": (x, o) => F.roll(x, { ...o, shifts: [o.shifts].flat().map((shift) => -shift) }) },
    prod: {
      "a gradient that divides by zero": (x, o) => {
        const right = F.prod(x, o).detach();
        return x.abs().log().sum(o).exp().mul(right.lt(0).mul(-2).add(1));
      },
    },
  };
  const functional: Record<string, unknown> = { ...F };
  for (const [name, wrong] of Object.entries(faults)) {
    const right = F[name as keyof Functions] as (...args: unknown[]) => unknown;
    functional[name] = (...args: unknown[]) => ((wrong as Record<string, typeof right>)[faulty.now] ?? right)(...args);
  }

  const without = (fault: string, name: string) => (options: Record<string, unknown> | undefined) =>
    faulty.now === fault ? { ...options, [name]: undefined } : options;
  const nesterov = without("no nesterov", "nesterov");
  const maximize = without("a step downwards for maximize", "maximize");
  const amsgrad = without("the largest second moment forgotten", "amsgrad");
  const centered = without("no centre", "centered");
  const decoupled = without("decay by the gradient", "decoupledWeightDecay");
  class SGD extends optim.SGD {
    constructor(params: Core.optim.Params<Core.optim.SGDOptions>, options: Core.optim.SGDOptions) {
      super(params, nesterov(maximize(options as never)) as never);
    }
  }
  class Adam extends optim.Adam {
    constructor(params: Core.optim.Params<Core.optim.AdamOptions>, options: Core.optim.AdamOptions) {
      super(params, amsgrad(options as never) as never);
    }
  }
  class RMSprop extends optim.RMSprop {
    constructor(params: Core.optim.Params<Core.optim.RMSpropOptions>, options: Core.optim.RMSpropOptions) {
      super(params, centered(options as never) as never);
    }
  }
  class NAdam extends optim.NAdam {
    constructor(params: Core.optim.Params<Core.optim.NAdamOptions>, options: Core.optim.NAdamOptions) {
      super(params, decoupled(options as never) as never);
    }
  }
  return { ...core, functional, optim: { ...optim, SGD, Adam, RMSprop, NAdam } };
});

/** Each fault, and how the names of the tests that notice end. */
const FAULTS: readonly (readonly [fault: string, sentence: string])[] = [
  ["ignored classes counted in the mean", 'crossEntropy of [6,5] {"target":"[6]","weight":"[5]","ignoreIndex":4,"reduction":"mean"}'],
  [
    "smoothing without the classes' weights",
    'crossEntropy of [6,5] {"target":"[6]","weight":"[5]","labelSmoothing":0.2,"reduction":"mean"}',
  ],
  ["posWeight on negative targets, too", '{"target":"[6,3]","posWeight":"[3]","weight":"[6,1]","reduction":"sum"}'],
  ["batchmean by all elements", 'klDivLoss of [3,4] and [3,4] {"reduction":"batchmean"}'],
  ["logTarget overheard", 'klDivLoss of [6,4] and [6,4] {"logTarget":true,"reduction":"none"}'],
  ["full without its constant", '[6,3] and [6,3] and [6,3] {"full":true,"reduction":"mean"}'],
  ["tanh for erf, erf for tanh", 'gelu of [4,5] {"approximate":"tanh"}'],
  ["the halves swapped", 'glu of [2,6,3] {"dim":1}'],
  ["one weight for all channels", "prelu of [2,3,4] and [3] {}"],
  ["sums without the element itself", 'cumsum of [2,4,3] {"dim":-2}'],
  ["equals in the opposite order", 'sort of [5,4] {"dim":0,"descending":true}'],
  ["the smallest for the largest", 'topk of [3,6] {"k":3,"dim":-1,"largest":true}'],
  ["the diagonal one off", 'tril of [5,3] {"diagonal":1}'],
  ["shifts backwards", 'roll of [3,4] {"shifts":[2,-1],"dims":[1,0]}'],
  ["a gradient that divides by zero", 'prod of [4,4] {"dim":1}'],
  ["no nesterov", 'SGD {"lr":0.05,"momentum":0.8,"nesterov":true,"weightDecay":0.01}'],
  ["a step downwards for maximize", 'SGD {"lr":0.05,"weightDecay":0.1,"maximize":true}'],
  ["the largest second moment forgotten", 'Adam {"lr":0.05,"betas":[0.9,0.8],"amsgrad":true}'],
  ["no centre", 'RMSprop {"lr":0.05,"centered":true}'],
  ["decay by the gradient", 'NAdam {"lr":0.05,"weightDecay":0.1,"decoupledWeightDecay":true,"maximize":true}'],
];

describe("the suite", () => {
  test.each(FAULTS)("notices %s", async (fault, sentence) => expectNoticed(faulty, fault, sentence));
});
