/** From what a layer gave to the cells of a picture. */

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {import("./svg.mjs").Kind} Kind */

/**
 * The last two dimensions of a tensor as grids, one for each place in those before.
 *
 * @param {Tensor} tensor of two dimensions or more
 * @returns {number[][][]}
 */
export function planesOf(tensor) {
  const values = Array.from(tensor.contiguous().dataSync(), Number);
  const [high, wide] = /** @type {[number, number]} */ (tensor.shape.slice(-2));
  return Array.from({ length: values.length / (high * wide) }, (_, plane) =>
    Array.from({ length: high }, (_, row) => values.slice((plane * high + row) * wide, (plane * high + row + 1) * wide)),
  );
}

/**
 * Kept where there is something, dropped where there is nothing: of masks, and of what a layer made of ones.
 *
 * @param {readonly (readonly number[])[]} plane
 * @returns {Kind[][]}
 */
export const keptOrDropped = (plane) => plane.map((row) => row.map((value) => (value === 0 ? "dropped" : "kept")));

/**
 * Planes as panels, `across` of them beside one another; those of the first row are numbered.
 *
 * @param {Tensor} tensor
 * @param {string} word what is counted
 * @param {number} across
 * @returns {import("./svg.mjs").Panel[]}
 */
export const numbered = (tensor, word, across) =>
  planesOf(tensor).map((plane, i) => ({
    cells: keptOrDropped(plane),
    ...(i < across ? { caption: i === 0 ? `${word} 1` : String(i + 1) } : {}),
  }));

/**
 * Five shades.
 *
 * @param {readonly (readonly number[])[]} plane
 * @param {number} top what has the darkest shade, and all above; 0 and below have the faintest
 * @returns {Kind[][]}
 */
export const shades = (plane, top) =>
  plane.map((row) => row.map((value) => /** @type {Kind} */ (Math.round(4 * Math.max(0, Math.min(1, value / top))))));

/** What most pictures say of their colours. @type {readonly (readonly [Kind, string])[]} */
export const LEGEND = [
  ["kept", "kept"],
  ["dropped", "dropped"],
];
