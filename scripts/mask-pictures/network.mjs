/** The network that each training step trains: units that are kept, and the connections between them. */
import { Generator, nn, ones } from "@dropwise/core";
import { planesOf } from "./cells.mjs";
import { legendAt, svgText } from "./svg.mjs";

/** Units of each layer. */
const SIZES = [3, 5, 5, 2];
/** Between layers, between units, and the radius of one. */
const [ACROSS, DOWN, RADIUS] = [34, 22, 6];
const [WIDTH, HEIGHT] = [148, 134];

/**
 * Three steps and inference: the masks are those that dropout layers draw behind the two hidden layers of a model.
 *
 * @returns {string}
 */
export function networkPicture() {
  const generator = new Generator(6);
  const drops = [new nn.Dropout({ p: 0.4, generator }), new nn.Dropout({ p: 0.4, generator })];
  const [first, second] = /** @type {[nn.Dropout, nn.Dropout]} */ (drops);
  const model = new nn.Sequential(
    ...[new nn.Linear(3, 5), new nn.ReLU(), first],
    ...[new nn.Linear(5, 5), new nn.ReLU(), second, new nn.Linear(5, 2)],
  );
  const all = SIZES.map((size) => Array.from({ length: size }, () => true));
  const networks = ["step 1", "step 2", "step 3"].map((caption) => {
    model.forward(ones([1, 3]));
    const [left = [], right = []] = drops.map((drop) => planesOf(/** @type {import("@dropwise/core").Tensor} */ (drop.lastMask())).flat(2));
    return { caption, kept: all.map((layer, i) => layer.map((_, unit) => (i === 1 ? left[unit] : i === 2 ? right[unit] : 1) === 1)) };
  });
  networks.push({ caption: "inference", kept: all });

  const shapes = networks.map(({ caption, kept }, i) => networkAt(caption, kept, (i % 2) * WIDTH, Math.floor(i / 2) * (HEIGHT + 8)));
  const legend = legendAt(
    [
      ["kept", "unit"],
      ["dropped", "dropped in this step"],
    ],
    2 * HEIGHT + 26,
  );
  return svgText(
    "Thinned networks: in each training step other units are dropped, with their connections. In inference all are there.",
    "a network with new nn.Dropout(0.4) behind each hidden layer, three forwards in training and one in inference",
    [2 * WIDTH, legend.bottom],
    [...shapes, legend.text],
  );
}

// --- internal helpers ---

/** @param {string} caption @param {readonly (readonly boolean[])[]} kept @param {number} x @param {number} y */
function networkAt(caption, kept, x, y) {
  const place = (/** @type {number} */ layer, /** @type {number} */ unit) =>
    /** @type {const} */ ([x + 20 + layer * ACROSS, y + 76 + (unit - ((SIZES[layer] ?? 0) - 1) / 2) * DOWN]);
  const lines = kept
    .slice(1)
    .map((layer, i) =>
      layer.map((isKept, unit) =>
        (kept[i] ?? [])
          .map((isFrom, from) => (isKept && isFrom ? `M${place(i, from).join(" ")}L${place(i + 1, unit).join(" ")}` : ""))
          .join(""),
      ),
    );
  const circles = (/** @type {boolean} */ which) =>
    kept
      .flatMap((layer, i) => layer.flatMap((isKept, unit) => (isKept === which ? [place(i, unit)] : [])))
      .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="${RADIUS}"/>`)
      .join("");
  return `<text x="${x + 12}" y="${y + 14}">${caption}</text>
<path d="${lines.flat(2).join("")}" stroke="#747f8b" stroke-opacity=".6"/>
<g fill="#3579bd">${circles(true)}</g>
<g fill-opacity=".3">${circles(false)}</g>`;
}
