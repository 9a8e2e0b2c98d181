/** Layers of Keras and Flax, made anew with other numbers than the committed files have, as npz and as safetensors: their outputs here are those that they have there. */
import { join } from "node:path";
import { readNpz, readSafetensors } from "../../dist/index.js";
import { differences } from "../../test/keras-flax.mjs";
import { ask } from "./python.mjs";

/** The largest difference between an output here and one of theirs. */
const CLOSE = 1e-5;

/**
 * @param {string} python
 * @param {string} folder for files
 * @returns {Promise<string[]>} what went wrong
 */
export async function kernels(python, folder) {
  ask(python, "../../test/files/make-keras-flax.py", folder, "1");
  const wrong = [];
  for (const framework of /** @type {const} */ (["keras", "flax"])) {
    for (const [form, read] of /** @type {const} */ ([
      ["npz", readNpz],
      ["safetensors", readSafetensors],
    ])) {
      const found = Object.entries(await differences(framework, await read(join(folder, `${framework}.${form}`))));
      const most = Math.max(...found.map(([, difference]) => difference));
      console.log(`${found.length} layers of ${framework}, from ${form}: largest difference ${most.toExponential(1)}`);
      // Also wrong where a difference is no number.
      for (const [layer, difference] of found)
        if (!(difference <= CLOSE)) wrong.push(`${layer} of ${framework}, from ${form}: ${difference}`);
      if (found.length < 13) wrong.push(`${found.length} layers of ${framework}`);
    }
  }
  return wrong;
}
