/** Claims about networks of several kinds, and which member of the family each wants. */
import { functional as F, nn } from "@dropwise/core";
import { convolutional, nothing, residual } from "../models.mjs";
import { attending, reader, stateful, wordBag } from "../sequences.mjs";
import { FLAT, half, PICTURE, ROWS } from "./shared.mjs";

/** @type {readonly import("../task.mjs").Claim[]} */
export const NETWORKS = [
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
    name: "layers",
    says: "Leaving whole layers out of a forward helps deep networks.",
    source: "[Fan 2019](https://arxiv.org/abs/1909.11556)",
    shape: FLAT,
    settings: [
      { name: "none", model: () => residual(nothing) },
      { name: "layerDrop, p = 0.2", model: () => residual(nothing, (blocks) => new nn.LayerDrop(blocks, 0.2)) },
      { name: "layerDrop, p = 0.5", model: () => residual(nothing, (blocks) => new nn.LayerDrop(blocks, 0.5)) },
    ],
  },
  {
    name: "cut",
    says: "A network that was trained with layerDrop can be cut to half of its layers afterwards.",
    source: "[Fan 2019](https://arxiv.org/abs/1909.11556)",
    shape: FLAT,
    settings: [
      { name: "trained with all layers, cut to half", model: () => residual(nothing), answer: ofEveryOther },
      ...[0.2, 0.5].map((p) => ({
        name: `layerDrop, p = ${p}, cut to half`,
        model: () => residual(nothing, (blocks) => new nn.LayerDrop(blocks, p)),
        answer: ofEveryOther,
      })),
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
    name: "state",
    says: "The state of a recurrent network wants a mask that is held for all steps, or units that stay as they were, and no new mask in each step.",
    source: "[Gal 2016](https://arxiv.org/abs/1512.05287), [Krueger 2017](https://arxiv.org/abs/1606.01305)",
    shape: ROWS,
    settings: [
      { name: "none", model: () => stateful(nothing()) },
      { name: "dropout, a new mask in each step, p = 0.3", model: () => stateful(new nn.Dropout(0.3)) },
      { name: "heldDropout, one mask for all steps, p = 0.3", model: () => stateful(new nn.HeldDropout(0.3)) },
      { name: "zoneout, p = 0.05 and 0.5", model: () => stateful(nothing(), [new nn.Zoneout(0.05), new nn.Zoneout(0.5)]) },
      { name: "zoneout, p = 0.1 of both", model: () => stateful(nothing(), [new nn.Zoneout(0.1), new nn.Zoneout(0.1)]) },
    ],
  },
  {
    name: "attention",
    says: "Transformers want dropout of attention weights, of whole heads, of positions, or of all that a layer gives.",
    source:
      "[Vaswani 2017](https://arxiv.org/abs/1706.03762), [Zhou 2020](https://arxiv.org/abs/2004.13342), [Iyyer 2015](https://aclanthology.org/P15-1162/)",
    shape: ROWS,
    settings: [
      { name: "none", model: () => attending({}) },
      { name: "dropout of what each part gives, p = 0.1", model: () => attending({ parts: () => new nn.Dropout(0.1) }) },
      { name: "dropout of attention weights, p = 0.1", model: () => attending({ weights: 0.1 }) },
      { name: "headDropout, p = 0.2", model: () => attending({ heads: () => new nn.HeadDropout(0.2) }) },
      { name: "tokenDropout, p = 0.2", model: () => attending({ tokens: () => new nn.TokenDropout({ p: 0.2, batchFirst: true }) }) },
    ],
  },
  {
    name: "words",
    says: "Of embeddings, whole words are better to drop than single features.",
    source: "[Gal 2016](https://arxiv.org/abs/1512.05287), [Iyyer 2015](https://aclanthology.org/P15-1162/)",
    shape: FLAT,
    settings: [
      { name: "none", model: () => wordBag((embedding) => embedding, nothing) },
      {
        name: "dropout of the mean, p = 0.3",
        model: () =>
          wordBag(
            (embedding) => embedding,
            () => new nn.Dropout(0.3),
          ),
      },
      { name: "embeddingDropout, p = 0.1", model: () => wordBag((embedding) => new nn.EmbeddingDropout(embedding, 0.1), nothing) },
      { name: "embeddingDropout, p = 0.3", model: () => wordBag((embedding) => new nn.EmbeddingDropout(embedding, 0.3), nothing) },
    ],
  },
];

// --- internal helpers ---

/** @param {import("../task.mjs").Model} model @param {import("@dropwise/core").Tensor} x */
function ofEveryOther(model, x) {
  return F.logSoftmax(/** @type {import("../models.mjs").Residual} */ (model).cut(x), { dim: 1 });
}
