/** `@dropwise/core/train`: the loop, metrics, when to stop, and where time goes. */
import { functional as F, nn } from "@dropwise/core";
import { Accuracy, AUROC, DropoutSchedule, EarlyStopping, MeanLoss } from "@dropwise/core/train";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

const isFunction = (value: unknown) => typeof value === "function";

/** A user's function, which may be asynchronous. */
const callback: Place = { ...p.callback(p.anything()), accepts: (value) => isFunction(value) && !/^class\b/.test(String(value)) };

const name: Place = { valid: () => "forward", accepts: (value) => typeof value === "string" };

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
const isLoop = (value: unknown) => isObject(value) && [Symbol.iterator, Symbol.asyncIterator].some((key) => isFunction(value[key]));
const hasMethods =
  (...names: readonly string[]) =>
  (value: unknown) =>
    isObject(value) && names.every((key) => isFunction(value[key]));

// Functions run in each step and epoch; in a fit of no epochs all is checked, and nothing is done.
const model: Place = { valid: (w) => w.model(), accepts: (value) => value instanceof nn.Module };
const loader: Place = { valid: () => [], accepts: isLoop };
const loss: Place = { valid: () => F.crossEntropy, accepts: (value) => isFunction(value) || value instanceof nn.Module };
const optimizer: Place = { valid: (w) => w.optimizer(), accepts: hasMethods("zeroGrad", "step") };
const signal: Place = {
  valid: () => new AbortController().signal,
  accepts: (value) => isObject(value) && typeof value.aborted === "boolean" && isFunction(value.addEventListener),
};
const fn: Place = { valid: () => () => 1, accepts: isFunction };

const batches: Place = { valid: (w) => [[w.tensor([2, 3]), classes(w)]], accepts: () => false };

const classes = (w: World) => w.tensor([2], { dtype: "int32" });
const metric: Place = { valid: (w) => w.metric(new Accuracy()), accepts: hasMethods("update", "compute", "reset") };
const logits = p.operand([2, 3]);
const target = p.operand([2], { dtype: "int32" });
const count = (valid: number): Place => p.integer(valid, 1, Number.MAX_SAFE_INTEGER);
const ignoreIndex = p.integer(-100, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const threshold = p.number(0.5, (n) => !Number.isNaN(n));

/** A metric that has seen a batch. */
const seen = (make: () => Accuracy | AUROC, shape: readonly number[]) =>
  p.receiver((w) => {
    const metric = w.metric(make());
    metric.update(w.tensor(shape), classes(w));
    return metric;
  });

/** Layers that drop, by name: the model has one. */
const names: Place = {
  valid: () => ["1"],
  accepts: (value) => Array.isArray(value) && value.length < 9 && value.every((name) => name === "1"),
};

export const trainReceivers: Readonly<Record<string, Place>> = {
  CountingMetric: seen(() => new Accuracy(), [2, 3]),
  AUROC: seen(() => new AUROC(), [2]),
  MeanLoss: p.receiver((w) => {
    const metric = w.metric(new MeanLoss(F.mseLoss));
    metric.update(w.tensor(), w.tensor());
    return metric;
  }),
  EarlyStopping: p.receiver(() => new EarlyStopping()),
  DropoutSchedule: p.receiver((w) => {
    const schedule = new DropoutSchedule(w.model(), (step) => step / 10);
    w.watch("where a schedule stands", () => Object.values(schedule.stateDict()).flat());
    return schedule;
  }),
};

const rate = p.fraction(0.25);
const rates = p.list(rate);
/** Of a rate of 0.5. */
const factor = p.number(0.25, (n) => n >= 0 && n <= 2);
const ramp = p.options({ from: rate, to: rate, steps: count(3) }, ["from", "to", "steps"]);
const scheduled = p.object(() => ({ lastEpoch: 1, baseRates: [0.5], lastRates: [0.25] }), {
  lastEpoch: p.integer(1, 0, Number.MAX_SAFE_INTEGER),
  baseRates: rates,
  lastRates: rates,
});
const finding: Place = { valid: () => ({ kind: "high-rate", name: "", message: "", advice: "" }), accepts: isObject };

const stopped = p.object(() => ({ lastEpoch: 3, best: 0.5, bestEpoch: 2, numBadEpochs: 1 }), {
  lastEpoch: p.integer(3, 0, Number.MAX_SAFE_INTEGER),
  best: p.nullable(p.number(0.5, (n) => !Number.isNaN(n))),
  bestEpoch: p.integer(2, 0, Number.MAX_SAFE_INTEGER),
  numBadEpochs: p.integer(1, 0, Number.MAX_SAFE_INTEGER),
});

export const trainCases: Cases = {
  profile: { args: [callback, p.options({ trace: p.flag() })], isAsync: true },
  recordFunction: [name, callback],

  fit: {
    args: [
      model,
      loader,
      p.options(
        {
          loss,
          optimizer,
          epochs: p.integer(0, 0, 0), // of more, the first finds no batch
          validate: p.or(fn, { ...batches, accepts: isLoop }),
          monitor: fn,
          scheduler: { valid: (w) => w.scheduler(), accepts: hasMethods("step") },
          schedulerInterval: p.word("epoch", "step"),
          earlyStopping: { valid: () => new EarlyStopping(), accepts: hasMethods("step") },
          onStep: fn,
          onEpoch: fn,
          signal,
        },
        ["loss", "optimizer", "epochs"],
      ),
    ],
    isAsync: true,
  },
  evaluate: {
    args: [
      model,
      { ...batches, accepts: isLoop },
      p.object((w) => ({ accuracy: metric.valid(w) }), { accuracy: metric }, p.isEmptyObject),
      p.options({ signal }),
    ],
    isAsync: true,
    says: ["linear"],
  },

  monteCarlo: {
    args: [
      model,
      p.operand([2, 3]),
      p.options({
        samples: p.integer(2, 1, 2 ** 20),
        generator: p.generator,
        only: names,
        sameMasks: p.flag(),
        outputs: p.word("values", "logits", "probabilities"),
        keepSamples: p.flag(),
        maxRows: count(8),
      }),
    ],
    says: ["linear"],
  },
  temperatureScaling: {
    args: [
      logits,
      target,
      p.options({ ignoreIndex, min: p.number(0.01, (n) => n > 0 && n < 100), max: p.number(100, (n) => n > 0.01 && n < Infinity) }),
    ],
    isAsync: true,
  },

  Metric: "abstract, and without arguments",
  Accuracy: [p.options({ threshold, ignoreIndex })],
  TopKAccuracy: [p.options({ k: count(2), ignoreIndex }, ["k"])],
  ConfusionMatrix: [p.options({ numClasses: p.integer(2, 2, 2), threshold, ignoreIndex }, ["numClasses"])],
  "ConfusionMatrix: without a threshold": [p.options({ numClasses: p.integer(3, 1, 2 ** 15) }, ["numClasses"])],
  CalibrationError: [p.options({ nBins: p.integer(15, 1, 2 ** 16), ignoreIndex })],
  ReliabilityTable: [p.options({ nBins: p.integer(15, 1, 2 ** 16), ignoreIndex })],
  NegativeLogLikelihood: [p.options({ ignoreIndex })],
  BrierScore: [p.options({ ignoreIndex })],
  AUROC: [],
  MeanLoss: [loss],
  "CountingMetric#update": { args: [logits, target], says: ["Accuracy"], leavesSteps: true },
  "CountingMetric#compute": { isAsync: true, says: ["Accuracy"] },
  "CountingMetric#reset": [],
  "AUROC#update": { args: [p.operand([2]), target], leavesSteps: true },
  "AUROC#compute": { isAsync: true },
  "AUROC#reset": [],
  "MeanLoss#update": { args: [p.operand(), p.operand()], says: ["mseLoss"], leavesSteps: true },
  "MeanLoss#compute": { isAsync: true },
  "MeanLoss#reset": [],

  dropoutLayers: [model],
  setDropout: [model, p.or(rate, p.callback(rate))],
  checkDropout: { args: [model, p.operand()], says: ["linear", "dropout", "Dropout"] },
  dropoutReport: [p.iterable(finding)],
  DropoutSchedule: [model, p.callback(factor), p.options({ layers: p.callback(p.flag()), relative: p.flag() })],
  constantDropoutRate: [rate],
  linearDropoutRate: [ramp],
  cosineDropoutRate: [ramp],
  earlyDropout: [p.options({ p: rate, steps: count(3), decay: p.word("linear", "constant") }, ["p", "steps"])],
  lateDropout: [p.options({ p: rate, start: p.integer(3, 0, Number.MAX_SAFE_INTEGER) }, ["p", "start"])],
  "DropoutSchedule#step": [p.anything()],
  "DropoutSchedule#getLastRates": [],
  "DropoutSchedule#stateDict": [],
  "DropoutSchedule#loadStateDict": { args: [scheduled], says: ["DropoutSchedule"] },
  EarlyStopping: [p.options({ patience: count(3), minDelta: p.amount(0.1), mode: p.word("min", "max") })],
  "EarlyStopping#step": [p.number(1)],
  "EarlyStopping#stateDict": [],
  "EarlyStopping#loadStateDict": [stopped],
};
