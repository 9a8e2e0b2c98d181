/** All pictures of docs/masks, by the names of their files. */
import { networkPicture } from "./network.mjs";
import { PIECE_MEMBERS } from "./piece-members.mjs";
import { svgOf } from "./svg.mjs";
import { TIME_MEMBERS } from "./time-members.mjs";
import { TORCH_MEMBERS } from "./torch-members.mjs";

/**
 * Draws all pictures, with the layers themselves.
 *
 * @returns {Map<string, string>} the text of each file
 */
export function drawPictures() {
  const members = Object.entries({ ...TORCH_MEMBERS, ...PIECE_MEMBERS, ...TIME_MEMBERS });
  return new Map([
    ["network.svg", networkPicture()],
    ...members.map(([name, draw]) => /** @type {const} */ ([`${name}.svg`, svgOf(draw())])),
  ]);
}
