/** Pictures of PyTorch's own members of the family. */
import { Generator, nn, ones, randn, tidy } from "@dropwise/core";
import { keptOrDropped, LEGEND, numbered, planesOf } from "./cells.mjs";

/** @typedef {import("./svg.mjs").Picture} Picture */
/** @typedef {import("./svg.mjs").Kind} Kind */

/** @type {Readonly<Record<string, () => Picture>>} */
export const TORCH_MEMBERS = {
  Dropout: () => {
    const layer = new nn.Dropout({ p: 0.5, generator: new Generator(1) });
    return {
      title: "Dropout: each unit of each sample is dropped by itself.",
      made: "new nn.Dropout(0.5) on 8 samples of 16 units",
      panels: planesOf(layer.forward(ones([8, 16]))).map((plane) => ({ cells: keptOrDropped(plane) })),
      rows: "samples",
      columns: "units",
      legend: LEGEND,
    };
  },

  noiseShape: () => ({
    title: "Dropout with a noiseShape: along its sizes of 1 one decision is shared, here by all samples or by all units of a sample.",
    made: "new nn.Dropout({ p: 0.3, noiseShape }) on 8 samples of 8 units",
    panels: [
      { caption: "noiseShape [1, null]", noiseShape: [1, null] },
      { caption: "noiseShape [null, 1]", noiseShape: [null, 1] },
    ].map(({ caption, noiseShape }) => {
      const layer = new nn.Dropout({ p: 0.3, noiseShape, generator: new Generator(4) });
      return { caption, cells: planesOf(layer.forward(ones([8, 8]))).flatMap(keptOrDropped) };
    }),
    rows: "samples",
    columns: "units",
    legend: LEGEND,
  }),

  Dropout1d: () => {
    const layer = new nn.Dropout1d({ p: 0.4, generator: new Generator(1) });
    return {
      title: "Dropout1d: whole channels of a sample are dropped, with all their positions.",
      made: "new nn.Dropout1d(0.4) on (2, 6, 8)",
      panels: planesOf(layer.forward(ones([2, 6, 8]))).map((plane, i) => ({ caption: `sample ${i + 1}`, cells: keptOrDropped(plane) })),
      rows: "channels",
      columns: "positions",
      legend: LEGEND,
    };
  },

  Dropout2d: () => {
    const layer = new nn.Dropout2d({ p: 0.4, generator: new Generator(2) });
    return {
      title: "Dropout2d: whole channels of a sample are dropped, with all their pixels.",
      made: "new nn.Dropout2d(0.4) on (2, 4, 4, 4)",
      panels: numbered(layer.forward(ones([2, 4, 4, 4])), "channel", 4),
      across: 4,
      cell: [14, 14],
      down: "samples",
      rows: "height",
      columns: "width",
      legend: LEGEND,
    };
  },

  Dropout3d: () => {
    const layer = new nn.Dropout3d({ p: 0.4, generator: new Generator(2) });
    const y = layer.forward(ones([4, 3, 4, 4])).transpose(0, 1);
    return {
      title: "Dropout3d: whole channels are dropped, with all slices of their depth.",
      made: "new nn.Dropout3d(0.4) on one sample, (4, 3, 4, 4)",
      panels: numbered(y, "channel", 4),
      across: 4,
      cell: [14, 14],
      down: "depth",
      rows: "height",
      columns: "width",
      legend: LEGEND,
    };
  },

  AlphaDropout: () => {
    const layer = new nn.AlphaDropout({ p: 0.3, generator: new Generator(3) });
    return {
      title:
        "AlphaDropout: single units are replaced by one value below zero, and the others are moved and scaled so that mean and variance stay.",
      made: "new nn.AlphaDropout(0.3) on 4 samples of 8 normal numbers",
      ...beforeAndAfter(layer, [4, 8]),
      rows: "samples",
      columns: "units",
    };
  },

  FeatureAlphaDropout: () => {
    const layer = new nn.FeatureAlphaDropout({ p: 0.3, generator: new Generator(3) });
    return {
      title:
        "FeatureAlphaDropout: whole channels are replaced by one value below zero, and the others are moved and scaled so that mean and variance stay.",
      made: "new nn.FeatureAlphaDropout(0.3) on (1, 5, 8) normal numbers",
      ...beforeAndAfter(layer, [1, 5, 8]),
      rows: "channels",
      columns: "positions",
    };
  },
};

// --- internal helpers ---

/**
 * Numbers before and after one of the two layers that put a value in place of what they drop.
 *
 * @param {import("@dropwise/core").nn.AlphaDropout | import("@dropwise/core").nn.FeatureAlphaDropout} layer
 * @param {number[]} shape
 * @returns {Pick<Picture, "panels" | "across" | "cell" | "legend">}
 */
function beforeAndAfter(layer, shape) {
  return tidy(() => {
    const x = randn(shape, { generator: new Generator(1) });
    const y = layer.forward(x);
    const [mask = []] = planesOf(/** @type {import("@dropwise/core").Tensor} */ (layer.lastMask()).expand(shape));
    const [before = [], after = []] = [x, y].flatMap(planesOf);
    const written = (/** @type {number[][]} */ plane) =>
      plane.map((row) =>
        row.map((value) =>
          value
            .toFixed(1)
            .replace(/^-(?!0\.0)/, "−")
            .replace("-", ""),
        ),
      );
    return {
      panels: [
        { caption: "before", cells: before.map((row) => row.map(() => "kept")), values: written(before) },
        { caption: "after", cells: mask.map((row) => row.map((kept) => (kept === 0 ? "other" : "kept"))), values: written(after) },
      ],
      across: 1,
      cell: [34, 18],
      legend: [
        ["kept", "kept"],
        ["other", "replaced"],
      ],
    };
  });
}
