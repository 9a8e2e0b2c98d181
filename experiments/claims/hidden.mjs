/** Claims about dropout of hidden layers, and what may stand in its place. */
import { functional as F, nn } from "@dropwise/core";
import { DropoutSchedule, earlyDropout, lateDropout } from "@dropwise/core/train";
import { nothing, selus, wide } from "../models.mjs";
import { crossEntropy } from "../task.mjs";
import { dropout, FLAT, half, plain } from "./shared.mjs";

/** @param {number} p */
const dropping = (p) => ({ name: `p = ${p}`, model: () => wide(() => new nn.Dropout(p)) });

/** @type {readonly import("../task.mjs").Claim[]} */
export const HIDDEN = [
  {
    name: "rate",
    says: "Dropout helps a network that can learn wrong labels by heart, and rates around a half are good for wide hidden layers.",
    source: "[Srivastava 2014](https://jmlr.org/papers/v15/srivastava14a.html)",
    shape: FLAT,
    settings: [plain, ...[0.2, 0.5, 0.7, 0.9].map(dropping)],
  },
  {
    name: "narrow",
    says: "A network that is too small to learn anything by heart loses by dropout.",
    source: "[Srivastava 2014](https://jmlr.org/papers/v15/srivastava14a.html), appendix A.1",
    shape: FLAT,
    settings: [
      { name: "none, 8 hidden units", model: () => wide(nothing, { width: 8 }) },
      ...[0.2, 0.5].map((p) => ({ name: `p = ${p}, 8 hidden units`, model: () => wide(() => new nn.Dropout(p), { width: 8 }) })),
    ],
  },
  {
    name: "inputs",
    says: "Inputs may be dropped, too, at a lower rate than hidden units.",
    source: "[Srivastava 2014](https://jmlr.org/papers/v15/srivastava14a.html), appendix A.4",
    shape: FLAT,
    settings: [
      { ...dropout, name: "hidden units, p = 0.5" },
      ...[0.2, 0.5].map((p) => ({ name: `and inputs, p = ${p}`, model: () => wide(half, { inputs: () => new nn.Dropout(p) }) })),
    ],
  },
  {
    name: "noise",
    says: "Normal noise of the same variance does as well as dropping.",
    source: "[Srivastava 2014](https://jmlr.org/papers/v15/srivastava14a.html), section 10",
    shape: FLAT,
    settings: [dropout, { name: "gaussianDropout, p = 0.5", model: () => wide(() => new nn.GaussianDropout(0.5)) }, plain],
  },
  {
    name: "learned",
    says: "A rate that is learned saves the search for one.",
    source: "[Gal 2017](https://arxiv.org/abs/1705.07832)",
    shape: FLAT,
    settings: [
      dropout,
      {
        name: "concreteDropout",
        model: () => wide(() => new nn.ConcreteDropout(0.3)),
        loss: (model, x, target) => {
          const layers = [...model.modules()].filter((module) => module instanceof nn.ConcreteDropout);
          return layers.reduce(
            (sum, layer) => sum.add(layer.regularizer(layer.logit, 128, { weight: 0, dropout: 2e-3 })),
            crossEntropy(model, x, target),
          );
        },
      },
    ],
  },
  {
    name: "weights",
    says: "Dropping single weights is better than dropping units.",
    source: "[Wan 2013](https://proceedings.mlr.press/v28/wan13.html)",
    shape: FLAT,
    settings: [
      dropout,
      {
        name: "weightDrop of both hidden layers, p = 0.5",
        model: () => wide(nothing, { around: (linear) => new nn.WeightDrop(linear, ["weight"], 0.5) }),
      },
      plain,
    ],
  },
  {
    name: "selu",
    says: "Networks of SELUs want alphaDropout rather than dropout.",
    source: "[Klambauer 2017](https://arxiv.org/abs/1706.02515)",
    shape: FLAT,
    settings: [
      ...[0.5, 0.1, 0.3, 0.7].map((p) => ({ name: `dropout, p = ${p}`, model: () => selus(() => new nn.Dropout(p)) })),
      ...[0.1, 0.3, 0.5].map((p) => ({ name: `alphaDropout, p = ${p}`, model: () => selus(() => new nn.AlphaDropout(p)) })),
      { name: "none", model: () => selus(nothing) },
    ],
  },
  {
    name: "when",
    says: "Dropout in the first part of a training helps where too little is learned, dropout in the last part where too much is.",
    source: "[Liu 2023](https://arxiv.org/abs/2303.01500)",
    shape: FLAT,
    settings: [
      plain,
      {
        ...dropout,
        name: "early half",
        schedule: (model, steps) => new DropoutSchedule(model, earlyDropout({ p: 0.5, steps: Math.floor(steps / 2) })),
      },
      {
        ...dropout,
        name: "late half",
        schedule: (model, steps) => new DropoutSchedule(model, lateDropout({ p: 0.5, start: Math.floor(steps / 2) })),
      },
      dropout,
    ],
  },
  {
    name: "r-drop",
    says: "Two passes that are to agree are better than one.",
    source: "[Wu 2021](https://arxiv.org/abs/2106.14448)",
    shape: FLAT,
    settings: [
      dropout,
      {
        ...dropout,
        name: "rDropLoss, alpha = 1",
        loss: (model, x, target) => F.rDropLoss(model.forward(x), model.forward(x), target, { alpha: 1 }).div(2),
      },
    ],
  },
  {
    name: "samples",
    says: "Several masks in each step make a training better.",
    source: "[Inoue 2019](https://arxiv.org/abs/1905.09788)",
    shape: FLAT,
    settings: [
      { name: "one mask before the head", model: () => headed((head) => new nn.Sequential(half(), head)) },
      { name: "multiSampleDropout, 8 masks", model: () => headed((head) => new nn.MultiSampleDropout(head, { p: 0.5, samples: 8 })) },
    ],
  },
];

// --- internal helpers ---

/** @param {(head: import("@dropwise/core").nn.TensorModule) => import("@dropwise/core").nn.TensorModule} around */
function headed(around) {
  return new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 128), new nn.ReLU(), around(new nn.Linear(128, 10)));
}
