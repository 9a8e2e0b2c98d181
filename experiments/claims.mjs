/** What is said of dropout and its family, each with the trainings that could show it. The first of each is what the others are measured by. */
import { functional as F, nn } from "@dropwise/core";
import { DropoutSchedule, earlyDropout, lateDropout, monteCarlo } from "@dropwise/core/train";
import { convolutional, nothing, reader, residual, wide } from "./models.mjs";
import { crossEntropy } from "./task.mjs";

/**
 * @typedef {object} Claim
 * @property {string} name
 * @property {string} says
 * @property {string} source
 * @property {readonly number[]} shape of a picture
 * @property {readonly import("./task.mjs").Setting[]} settings
 */

const FLAT = [64];
const PICTURE = [1, 8, 8];
const ROWS = [8, 8];
const half = () => new nn.Dropout(0.5);
/** @param {number} p */
const dropping = (p) => ({ name: `p = ${p}`, model: () => wide(() => new nn.Dropout(p)) });
const plain = { name: "none", model: () => wide(nothing) };
const dropout = { name: "dropout, p = 0.5", model: () => wide(half) };

/** @type {readonly Claim[]} */
export const CLAIMS = [
  {
    name: "rate",
    says: "Dropout helps a network that can learn wrong labels by heart, and rates around a half are good for wide hidden layers.",
    source: "[Srivastava 2014](https://jmlr.org/papers/v15/srivastava14a.html)",
    shape: FLAT,
    settings: [plain, ...[0.2, 0.5, 0.7, 0.9].map(dropping)],
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
    name: "monte-carlo",
    says: "The mean of fifty passes with dropout on is a better probability than one pass without.",
    source: "[Gal 2016](https://arxiv.org/abs/1506.02142)",
    shape: FLAT,
    settings: [
      dropout,
      {
        ...dropout,
        name: "the same, asked 50 times",
        answer: (model, x) => monteCarlo(model, x, { samples: 50, outputs: "logits" }).mean.clamp({ min: 1e-7 }).log(),
      },
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
    name: "samples",
    says: "Several masks in each step make a training better.",
    source: "[Inoue 2019](https://arxiv.org/abs/1905.09788)",
    shape: FLAT,
    settings: [
      { name: "one mask before the head", model: () => headed((head) => new nn.Sequential(half(), head)) },
      { name: "multiSampleDropout, 8 masks", model: () => headed((head) => new nn.MultiSampleDropout(head, { p: 0.5, samples: 8 })) },
    ],
  },
  {
    name: "pictures",
    says: "In convolutions, whole channels or squares are better to drop than pixels.",
    source: "[Ghiasi 2018](https://arxiv.org/abs/1810.12890)",
    shape: PICTURE,
    settings: [
      { name: "none", model: () => convolutional(nothing) },
      { name: "dropout, p = 0.3", model: () => convolutional(() => new nn.Dropout(0.3)) },
      { name: "dropout2d, p = 0.3", model: () => convolutional(() => new nn.Dropout2d(0.3)) },
      { name: "dropBlock2d, p = 0.3, squares of 3", model: () => convolutional(() => new nn.DropBlock2d({ p: 0.3, blockSize: 3 })) },
    ],
  },
  {
    name: "before-batch-norm",
    says: "Dropout before a batch norm costs accuracy, since the variance that is learned is not that of inference.",
    source: "[Li 2018](https://arxiv.org/abs/1801.05134)",
    shape: PICTURE,
    settings: [
      { name: "none", model: () => convolutional(nothing) },
      { name: "dropout behind the last batch norm, p = 0.5", model: () => convolutional(half) },
      { name: "dropout before it, p = 0.5", model: () => convolutional(nothing, half) },
    ],
  },
  {
    name: "depth",
    says: "Dropping residual branches, the deeper the more often, helps deep networks.",
    source: "[Huang 2016](https://arxiv.org/abs/1603.09382)",
    shape: FLAT,
    settings: [
      { name: "none", model: () => residual(nothing) },
      { name: "dropPath, p up to 0.5", model: () => residual((place) => new nn.DropPath(place / 2)) },
      { name: "dropout of branches, p = 0.3", model: () => residual(() => new nn.Dropout(0.3)) },
    ],
  },
  {
    name: "recurrent",
    says: "A recurrent network wants one mask for all steps, on its features and on its hidden weights.",
    source: "[Gal 2016](https://arxiv.org/abs/1512.05287), [Merity 2018](https://arxiv.org/abs/1708.02182)",
    shape: ROWS,
    settings: [
      { name: "none", model: () => reader((lstm) => lstm, nothing) },
      {
        name: "dropout of the output, p = 0.3",
        model: () =>
          reader(
            (lstm) => lstm,
            () => new nn.Dropout(0.3),
          ),
      },
      {
        name: "lockedDropout of the output, p = 0.3",
        model: () =>
          reader(
            (lstm) => lstm,
            () => new nn.LockedDropout({ p: 0.3, batchFirst: true }),
          ),
      },
      {
        name: "weightDrop of weight_hh_l0, p = 0.3",
        model: () => reader((lstm) => new nn.WeightDrop(lstm, ["weight_hh_l0"], 0.3), nothing),
      },
    ],
  },
  {
    name: "forgotten",
    says: "Dropout that is left on in inference makes the answers worse.",
    source: "[module against function](../docs/dropout.md#the-well-known-mistake)",
    shape: FLAT,
    settings: [
      dropout,
      { ...dropout, name: "the same, eval() forgotten", answer: (model, x) => F.logSoftmax(model.train().forward(x), { dim: 1 }) },
    ],
  },
];

// --- internal helpers ---

/** @param {(head: import("@dropwise/core").nn.TensorModule) => import("@dropwise/core").nn.TensorModule} around */
function headed(around) {
  return new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 128), new nn.ReLU(), around(new nn.Linear(128, 10)));
}
