/** Claims about how a model that was trained with dropout is asked, and how sure it is. */
import { functional as F } from "@dropwise/core";
import { monteCarlo, temperatureScaling } from "@dropwise/core/train";
import { dropout, FLAT, plain } from "./shared.mjs";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {import("../task.mjs").Exam} Exam */

/** @type {readonly import("../task.mjs").Claim[]} */
export const ANSWERS = [
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
    name: "doubt",
    says: "Of the four fifths of rows that a model doubts least it knows more, and fifty passes with dropout on tell that doubt better than one without.",
    source: "[Gal 2016](https://arxiv.org/abs/1506.02142)",
    shape: FLAT,
    settings: [
      { ...dropout, name: "least entropy of one pass without dropout", exam: surest(({ logs }) => entropyOf(logs)) },
      {
        ...dropout,
        name: "least entropy of the mean of 50 passes",
        exam: surest(({ model, input }) => asked(model, input).predictiveEntropy),
      },
      {
        ...dropout,
        name: "least mutual information of 50 passes",
        exam: surest(({ model, input }) => asked(model, input).mutualInformation),
      },
      { ...dropout, name: "all rows" },
    ],
  },
  {
    name: "temperature",
    says: "One number, by which logits are divided, makes probabilities better; here it is fitted on 200 of the 797 rows, and the others judge.",
    source: "[Guo 2017](https://arxiv.org/abs/1706.04599)",
    shape: FLAT,
    settings: [
      { ...plain, exam: ({ logs, target }) => kept(logs, target) },
      { ...plain, name: "none, temperature fitted", exam: tempered },
      { ...dropout, exam: ({ logs, target }) => kept(logs, target) },
      { ...dropout, name: "dropout, p = 0.5, temperature fitted", exam: tempered },
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

/** @param {import("../task.mjs").Model} model @param {Tensor} input */
const asked = (model, input) => monteCarlo(model, input, { samples: 50, outputs: "logits" });

/** @param {Tensor} logs logarithms of probabilities */
const entropyOf = (logs) => logs.exp().mul(logs).sum({ dim: 1 }).neg();

/** Judges by the four fifths of rows with the least doubt. @param {(asked: Parameters<Exam>[0]) => Tensor} doubtOf @returns {Exam} */
function surest(doubtOf) {
  return (asked) => {
    const rows = F.argsort(doubtOf(asked)).slice(0, 0, Math.floor(0.8 * asked.target.size));
    return { logs: F.indexSelect(asked.logs, rows, { dim: 0 }), target: F.indexSelect(asked.target, rows, { dim: 0 }) };
  };
}

/** How many rows a temperature is fitted on; the others judge. */
const FITTED = 200;

/** @param {Tensor} logs @param {Tensor} target */
const kept = (logs, target) => ({ logs: logs.slice(0, FITTED), target: target.slice(0, FITTED) });

/** @param {Parameters<Exam>[0]} asked */
async function tempered({ logs, target }) {
  const { apply } = await temperatureScaling(logs.slice(0, 0, FITTED), target.slice(0, 0, FITTED));
  return kept(F.logSoftmax(apply(logs), { dim: 1 }), target);
}
