/** `optim`. */
import { optim, type Tensor } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

/** Only a momentum without dampening goes with nesterov. */
const sgd = {
  lr: p.amount(0.1),
  momentum: p.number(0.9, (n) => n > 0 && n < Number.POSITIVE_INFINITY),
  dampening: p.number(0, (n) => n === 0),
  weightDecay: p.amount(0.1),
  nesterov: p.flag(),
  maximize: p.flag(),
};
const beta = p.number(0.9, (n) => n >= 0 && n < 1);
const betas: Place = {
  ...p.list(beta, 2),
  accepts: (value, w) => p.isArrayOf(value, (item) => beta.accepts(item, w)) && (value as unknown[]).length === 2,
};
const common = { lr: p.amount(0.1), eps: p.amount(1e-8), weightDecay: p.amount(0.1), maximize: p.flag() };
const adam = { ...common, betas, amsgrad: p.flag() };

const params = p.or(p.list(p.parameter()), p.parameter());
const group = p.options({ params, ...sgd }, ["params"]);
const optimizer = (options: Readonly<Record<string, Place>>): Case => [params, p.options(options)];
const onGroup = Object.fromEntries(Object.entries(sgd).map(([name, place]) => [`paramGroups.0.${name}`, place]));

const savedStep = p.object(() => ({ step: 1, tensors: [new Float32Array(6)] }), {
  step: p.integer(1, 0),
  tensors: p.list({ valid: () => new Float32Array(6), accepts: (value, w) => p.operand().accepts(value, w) }),
});
const savedGroup = p.object(() => ({ params: [0], lr: 0.1, momentum: 0.9 }), {
  params: { ...p.list(p.integer(0, 0)), accepts: (value) => Array.isArray(value) && value.length === 1 },
  lr: p.optional(p.amount(0.1)),
});
const saved = p.object((w) => ({ paramGroups: [savedGroup.valid(w)], state: { 0: savedStep.valid(w) } }), {
  paramGroups: p.list(savedGroup),
  state: p.object(
    (w) => ({ 0: savedStep.valid(w) }),
    { 0: savedStep },
    (value) => value === undefined || p.isEmptyObject(value),
  ),
});

const scheduled: Place = { valid: (w) => w.optimizer(), accepts: (value) => value instanceof optim.Optimizer };
const count = (valid: number): Place => p.integer(valid, 1, Number.MAX_SAFE_INTEGER);
const each = (place: Place): Place => p.or(place, p.list(place));
const scheduler = (options: Readonly<Record<string, Place>>, required: readonly string[] = []): Case => [
  scheduled,
  p.options(options, required),
];
const steps: Place = { ...p.list(p.integer(2, 0, Number.MAX_SAFE_INTEGER), 2) };
const momenta = { cycleMomentum: p.flag(), baseMomentum: each(p.amount(0.8)), maxMomentum: each(p.amount(0.9)) };

/** A scheduler, and its optimizer. */
const member = (w: World) =>
  w.once("scheduler", () => {
    const optimizer = w.optimizer();
    return { optimizer, scheduler: w.scheduler(optimizer) };
  });
const schedulerState = p.object(() => ({ lastEpoch: 1, baseLrs: [0.1], lastLr: [0.1] }), {
  lastEpoch: p.integer(1, 0, Number.MAX_SAFE_INTEGER),
  baseLrs: p.list(p.amount(0.1)),
  lastLr: p.list(p.amount(0.1)),
});
const emaState = p.object(() => ({ nAveraged: 1, averages: [new Float32Array(6)] }), {
  nAveraged: p.integer(1, 0, Number.MAX_SAFE_INTEGER),
  averages: p.list({ valid: () => new Float32Array(6), accepts: (value, w) => p.operand().accepts(value, w) }),
});

/** An optimizer of a user's own. */
const ownOptimizer = (Optimizer: typeof optim.Optimizer) =>
  class Own extends Optimizer<{ lr: number }> {
    constructor(given: Iterable<Tensor>, options?: { lr: number }) {
      super({ name: "own", kinds: { lr: "number" }, defaults: { lr: 0.1 } }, given, options);
    }

    protected checkOptions(): void {}
    protected stateCount(): number {
      return 0;
    }
    protected rule(): never {
      throw new Error("no step is taken");
    }
  };

export const optimCases: Cases = {
  "optim.SGD": optimizer(sgd),
  "optim.Adam": optimizer(adam),
  "optim.AdamW": optimizer(adam),
  "optim.RMSprop": optimizer({ ...common, alpha: p.amount(0.9), momentum: p.amount(0.9), centered: p.flag() }),
  "optim.Adagrad": optimizer({ ...common, lrDecay: p.amount(0.1), initialAccumulatorValue: p.amount(0.1) }),
  "optim.Adadelta": optimizer({ ...common, rho: p.fraction(0.9) }),
  "optim.Adamax": optimizer({ ...common, betas }),
  "optim.NAdam": optimizer({ ...common, betas, momentumDecay: p.amount(0.1), decoupledWeightDecay: p.flag() }),
  "optim.RAdam": optimizer({ ...common, betas, decoupledWeightDecay: p.flag() }),
  "optim.Optimizer": {
    as: ownOptimizer as (value: never) => unknown,
    args: [params, p.options({ lr: p.number(0.1) })],
    says: ["own"],
  },
  "optim.Optimizer#addParamGroup": { args: [group], says: ["SGD"] },
  "optim.Optimizer#step": { settings: onGroup, says: ["SGD"] },
  "optim.Optimizer#zeroGrad": [],
  "optim.Optimizer#stateDict": [],
  "optim.Optimizer#loadStateDict": { args: [saved], says: ["SGD"] },
  "optim.Optimizer#dispose": [],
  "optim.Optimizer#toJSON": { refuses: true, says: ["JSON"] },

  "optim.StepLR": scheduler({ stepSize: count(2), gamma: p.amount(0.1) }, ["stepSize"]),
  "optim.MultiStepLR": scheduler({ milestones: steps, gamma: p.amount(0.1) }, ["milestones"]),
  "optim.ConstantLR": scheduler({ factor: p.fraction(0.5), totalIters: count(2) }),
  "optim.LinearLR": scheduler({
    startFactor: p.number(0.5, (n) => n > 0 && n <= 1),
    endFactor: p.fraction(1),
    totalIters: count(2),
  }),
  "optim.ExponentialLR": scheduler({ gamma: p.amount(0.1) }, ["gamma"]),
  "optim.PolynomialLR": scheduler({ totalIters: count(2), power: p.amount(1) }),
  "optim.CosineAnnealingLR": scheduler({ tMax: count(2), etaMin: p.amount(0) }, ["tMax"]),
  "optim.CosineAnnealingWarmRestarts": scheduler({ t0: count(2), tMult: count(1), etaMin: p.amount(0) }, ["t0"]),
  "optim.LambdaLR": scheduler({ lrLambda: each(p.callback(p.amount(0.5))) }, ["lrLambda"]),
  "optim.CyclicLR": scheduler(
    {
      ...momenta,
      baseLr: each(p.amount(0.1)),
      maxLr: each(p.amount(0.5)),
      stepSizeUp: count(2),
      stepSizeDown: count(2),
      mode: p.word("triangular", "triangular2", "exp_range"),
      gamma: p.amount(1),
      scaleFn: p.callback(p.number(1, Number.isFinite)),
      scaleMode: p.word("cycle", "iterations"),
    },
    ["baseLr", "maxLr"],
  ),
  "optim.OneCycleLR": scheduler(
    {
      ...momenta,
      maxLr: each(p.amount(0.5)),
      totalSteps: count(4),
      epochs: count(2),
      stepsPerEpoch: count(2),
      pctStart: p.fraction(0.3),
      annealStrategy: p.word("cos", "linear"),
      divFactor: p.number(25, (n) => n > 0 && n < Number.POSITIVE_INFINITY),
      finalDivFactor: p.number(1e4, (n) => n > 0 && n < Number.POSITIVE_INFINITY),
      threePhase: p.flag(),
    },
    ["maxLr"],
  ),
  "optim.SequentialLR": {
    args: [
      { valid: (w) => member(w).optimizer, accepts: () => false },
      p.options(
        {
          schedulers: p.list({ valid: (w) => member(w).scheduler, accepts: () => false }),
          milestones: { valid: () => [], accepts: (value) => p.isArrayOf(value, () => false) },
        },
        ["schedulers", "milestones"],
      ),
    ],
  },
  "optim.ReduceLROnPlateau": scheduler({
    mode: p.word("min", "max"),
    factor: p.number(0.1, (n) => n >= 0 && n < 1),
    patience: p.integer(2, 0, Number.MAX_SAFE_INTEGER),
    threshold: p.amount(0.1),
    thresholdMode: p.word("rel", "abs"),
    cooldown: p.integer(2, 0, Number.MAX_SAFE_INTEGER),
    minLr: each(p.amount(0)),
    eps: p.amount(0),
  }),
  "optim.LRScheduler": "schedules of one's own are LambdaLR's",
  "optim.LRScheduler#step": [p.anything()],
  "optim.LRScheduler#getLastLr": [],
  "optim.LRScheduler#stateDict": [],
  "optim.LRScheduler#loadStateDict": { args: [schedulerState], says: ["StepLR"] },
  "optim.ReduceLROnPlateau#step": [p.number(1)],
  "optim.ReduceLROnPlateau#stateDict": [],
  "optim.SequentialLR#stateDict": [],

  "optim.EMA": [p.or(p.list(p.tensor(), 1), p.tensor()), p.options({ decay: p.fraction(0.5) })],
  "optim.EMA#update": [],
  "optim.EMA#apply": "runs whatever function it is given, with other weights in their place",
  "optim.EMA#store": "keeps copies until restore()",
  "optim.EMA#restore": {
    on: p.receiver((w) => {
      const ema = w.ema();
      ema.store();
      return ema;
    }),
  },
  "optim.EMA#stateDict": [],
  "optim.EMA#loadStateDict": [emaState],
  "optim.EMA#dispose": [],
  "optim.EMA#toJSON": { refuses: true, says: ["JSON"] },
};
