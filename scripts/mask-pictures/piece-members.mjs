/** Pictures of the members that drop larger pieces: samples, positions, heads, words, squares, weights, layers. */
import { functional as F, Generator, nn, ones, tensor, tidy } from "@dropwise/core";
import { keptOrDropped, LEGEND, numbered, planesOf } from "./cells.mjs";

/** @typedef {import("./svg.mjs").Picture} Picture */
/** @typedef {import("@dropwise/core").Tensor} Tensor */

/** A sentence in which words come back. */
const WORDS = "the cat saw the dog and the dog ran".split(" ");

/** @type {Readonly<Record<string, () => Picture>>} */
export const PIECE_MEMBERS = {
  DropPath: () => {
    const layer = new nn.DropPath({ p: 0.3, generator: new Generator(2) });
    return {
      title: "DropPath: whole samples of a residual branch are dropped.",
      made: "new nn.DropPath(0.3) on 8 samples of 16 units",
      panels: planesOf(layer.forward(ones([8, 16]))).map((plane) => ({ cells: keptOrDropped(plane) })),
      rows: "samples",
      columns: "units of the branch",
      legend: LEGEND,
    };
  },

  LockedDropout: () => ({
    title: "LockedDropout: a feature of a sample is dropped at all positions.",
    made: "new nn.LockedDropout(0.4) on (8, 2, 8)",
    ...ofSequences(new nn.LockedDropout({ p: 0.4, generator: new Generator(1) })),
  }),

  TokenDropout: () => ({
    title: "TokenDropout: a position of a sample is dropped with all its features.",
    made: "new nn.TokenDropout(0.3) on (8, 2, 8)",
    ...ofSequences(new nn.TokenDropout({ p: 0.3, generator: new Generator(1) })),
  }),

  HeadDropout: () => {
    const layer = new nn.HeadDropout({ p: 0.3, generator: new Generator(14) });
    return {
      title: "HeadDropout: whole heads of attention are dropped, each sample has its own.",
      made: "new nn.HeadDropout(0.3) on (2, 5, 5, 3)",
      panels: numbered(layer.forward(ones([2, 5, 5, 3])), "head", 5),
      across: 5,
      cell: [14, 14],
      down: "samples",
      rows: "positions",
      columns: "size of a head",
      legend: LEGEND,
    };
  },

  EmbeddingDropout: () => {
    const places = [...new Set(WORDS)];
    const table = new nn.Embedding(places.length, 12);
    const layer = new nn.EmbeddingDropout(table, { p: 0.3, generator: new Generator(10) });
    const index = tensor(Int32Array.from(WORDS, (word) => places.indexOf(word)));
    return {
      title: "EmbeddingDropout: a word is dropped at all its places in the text.",
      made: `new nn.EmbeddingDropout(embedding, 0.3) on "${WORDS.join(" ")}"`,
      panels: planesOf(layer.forward(index)).map((plane) => ({ cells: keptOrDropped(plane), names: WORDS })),
      rows: "words of a text",
      columns: "features of the embedding",
      legend: LEGEND,
    };
  },

  DropBlock2d: () => {
    const layer = new nn.DropBlock2d({ p: 0.25, blockSize: 3, generator: new Generator(2) });
    return {
      title: "DropBlock2d: squares of pixels are dropped, which may lie over one another.",
      made: "new nn.DropBlock2d({ p: 0.25, blockSize: 3 }) on (1, 2, 10, 10)",
      panels: planesOf(layer.forward(ones([1, 2, 10, 10]))).map((plane, i) => ({
        caption: `channel ${i + 1}`,
        cells: keptOrDropped(plane),
      })),
      cell: [13, 13],
      rows: "height",
      columns: "width",
      legend: LEGEND,
    };
  },

  WeightDrop: () => {
    const layer = new nn.WeightDrop(new nn.Linear(8, 8), ["weight"], { p: 0.5, generator: new Generator(1) });
    const panels = ["forward 1", "forward 2"].map((caption) => {
      layer.forward(ones([1, 8]));
      return { caption, cells: (layer.lastMask() ?? []).flatMap(planesOf).flatMap(keptOrDropped) };
    });
    return {
      title: "WeightDrop: each weight is dropped by itself, for all samples of a forward at once.",
      made: 'new nn.WeightDrop(new nn.Linear(8, 8), ["weight"], 0.5), two forwards',
      panels,
      rows: "outputs",
      columns: "inputs",
      legend: LEGEND,
    };
  },

  LayerDrop: () => {
    const layers = Array.from({ length: 12 }, () => new nn.Identity());
    const stack = new nn.LayerDrop(layers, { p: 0.2, generator: new Generator(5) });
    const cells = Array.from({ length: 7 }, () => {
      stack.forward(ones([1]));
      return planesOf(/** @type {Tensor} */ (stack.lastMask()).reshape([1, -1])).flatMap(keptOrDropped);
    });
    return {
      title: "LayerDrop: whole layers are left out of a forward.",
      made: "new nn.LayerDrop(12 layers, 0.2), seven forwards",
      panels: [{ cells: cells.flat() }],
      cell: [22, 16],
      rows: "forwards",
      columns: "layers, from the first to the last",
      legend: [
        ["kept", "computed"],
        ["dropped", "left out"],
      ],
    };
  },

  MultiheadAttention: () => {
    const attention = new nn.MultiheadAttention(6, 3, { dropout: 0.3, generator: new Generator(2) });
    const [mask, seen] = tidy(() => {
      const x = ones([7, 1, 6]);
      const attnMask = F.triu(ones([7, 7]), { diagonal: 1 }).gt(0);
      attention.forward(x, x, x, { attnMask, needWeights: false });
      return [planesOf(/** @type {Tensor} */ (attention.lastMask())), planesOf(attnMask).flat()];
    });
    return {
      title: "MultiheadAttention with dropout: single weights of the attention are dropped. A query does not see later keys here.",
      made: "new nn.MultiheadAttention(6, 3, { dropout: 0.3 }) on 7 positions, with a causal mask",
      panels: mask.map((plane, head) => ({
        caption: `head ${head + 1}`,
        cells: keptOrDropped(plane).map((row, i) => row.map((kind, j) => (seen[i]?.[j] === 1 ? "none" : kind))),
      })),
      cell: [12, 12],
      rows: "queries",
      columns: "keys",
      legend: LEGEND,
    };
  },
};

// --- internal helpers ---

/**
 * Two sequences of eight positions, as (L, N, C) has them.
 *
 * @param {import("@dropwise/core").nn.LockedDropout | import("@dropwise/core").nn.TokenDropout} layer
 * @returns {Pick<Picture, "panels" | "rows" | "columns" | "legend">}
 */
function ofSequences(layer) {
  const bySample = layer.forward(ones([8, 2, 8])).transpose(0, 1);
  return {
    panels: planesOf(bySample).map((plane, i) => ({ caption: `sample ${i + 1}`, cells: keptOrDropped(plane) })),
    rows: "positions",
    columns: "features",
    legend: LEGEND,
  };
}
