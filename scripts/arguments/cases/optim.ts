/** `optim`. */
import type { optim, Tensor } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

/** Only a momentum without dampening goes with nesterov. */
const sgd = {
  lr: p.amount(0.1),
  momentum: p.number(0.9, (n) => n > 0 && n < Number.POSITIVE_INFINITY),
  dampening: p.number(0, (n) => n === 0),
  weightDecay: p.amount(0.1),
  nesterov: p.flag(),
};
const beta = p.number(0.9, (n) => n >= 0 && n < 1);
const betas: Place = {
  ...p.list(beta, 2),
  accepts: (value, w) => p.isArrayOf(value, (item) => beta.accepts(item, w)) && (value as unknown[]).length === 2,
};
const adam = { lr: p.amount(0.1), betas, eps: p.amount(1e-8), weightDecay: p.amount(0.1) };

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
};
