/** Places around tensors, and other sizes: PyTorch's answers and the reference's. */
import { functional as F, type Tensor } from "@dropwise/core";
import { each, type Family } from "../case";
import { goldenChecks } from "../golden-layers";
import { bools, integers, uniform } from "../inputs";
import { COMPOSED } from "../tolerance";

const MODES = ["constant", "reflect", "replicate", "circular"] as const;

/** In each mode: to one side, of unequal sizes, with something cut off, of several dimensions. */
const PADS = [
  { shape: [7], pad: [3, 0] },
  { shape: [3, 131], pad: [5, 2] },
  { shape: [2, 5, 9], pad: [-2, 3, 4, -1] },
  { shape: [2, 3, 4, 5], pad: [1, 2, 0, 3, 2, 0] },
  { shape: [0, 4], pad: [1, 1] },
] as const;

const SIZES = [
  { shape: [2, 3, 17], options: { scaleFactor: 2.6 } },
  { shape: [2, 3, 33, 5], options: { size: [7, 65] } },
  { shape: [2, 3, 17], options: { size: 40, mode: "linear" } },
  { shape: [1, 3, 33, 31], options: { scaleFactor: [0.4, 1.9], mode: "bilinear" } },
  { shape: [1, 3, 9, 31], options: { size: [20, 13], mode: "bilinear", alignCorners: true } },
  { shape: [1, 2, 3, 4, 5], options: { scaleFactor: 1.5, mode: "trilinear" } },
] as const;

/** Padding and resizing. */
export const padding: Family = {
  ...goldenChecks(/^(pad|interpolate|pixelShuffle)$/, COMPOSED, ([x], attrs) => [x, attrs]),

  ...each(
    MODES.flatMap((mode) => PADS.map((row) => ({ ...row, mode }))),
    ({ shape, pad, mode }) => `pads [${shape}] by [${pad}] in mode ${mode}, and gives the gradient`,
    ({ shape, pad, mode }, { within }) =>
      within(COMPOSED)((x) => F.pad(x, { pad, mode, ...(mode === "constant" && { value: 0.5 }) }), uniform(shape)),
  ),

  "pads int32, bool and strided tensors": async ({ compare }) => {
    const both = (x: Tensor) => [
      F.pad(x, { pad: [1, 2], value: 3 }),
      F.pad(x.transpose(0, 1), { pad: [2, 1, -1, 0], mode: "circular" }),
      F.pad(x.slice(1, 0, 5, 2), { pad: [2, 2], mode: "reflect" }),
    ];
    for (const x of [integers([4, 5]), bools([4, 5]), { ...uniform([4, 5]), requiresGrad: false }]) await compare(both, x);
  },

  ...each(
    SIZES,
    ({ shape, options }) => `resizes [${shape}] by ${JSON.stringify(options)}, and gives the gradient`,
    ({ shape, options }, { within }) => within(COMPOSED)((x) => F.interpolate(x, options), uniform(shape)),
  ),

  "turns channels into places": ({ compare }) =>
    compare(
      (x) => [F.pixelShuffle(x, { upscaleFactor: 3 }), F.pixelShuffle(x.transpose(2, 3), { upscaleFactor: 3 })],
      uniform([2, 18, 5, 3]),
    ),
};
