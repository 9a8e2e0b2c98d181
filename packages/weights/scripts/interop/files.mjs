/**
 * Files of PyTorch, safetensors and NumPy, there and back: those that they write are read here, written here and read there, with the same elements in every dtype and form.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  optimizerFromTorch,
  optimizerToTorch,
  readNpy,
  readNpz,
  readSafetensors,
  readTorch,
  writeNpy,
  writeNpz,
  writeSafetensors,
  writeTorch,
} from "../../dist/index.js";
import { ask } from "./python.mjs";

const FORMS = /** @type {const} */ ({
  ".pt": [readTorch, writeTorch],
  ".safetensors": [readSafetensors, writeSafetensors],
  ".npy": [readNpy, writeNpy],
  ".npz": [readNpz, writeNpz],
});

/**
 * @param {string} python
 * @param {string} folder for files
 * @returns {Promise<string[]>} what went wrong
 */
export async function files(python, folder) {
  const theirs = join(folder, "theirs");
  const ours = join(folder, "ours");
  mkdirSync(theirs);
  mkdirSync(ours);
  ask(python, "files.py", "make", theirs);
  const what = JSON.parse(readFileSync(join(theirs, "what.json"), "utf8"));
  const wrong = [];
  for (const name of Object.keys(what)) {
    const [read, write] = FORMS[/** @type {keyof typeof FORMS} */ (extname(name))];
    const bytes = readFileSync(join(theirs, name));
    const value = await read(bytes);
    if (!isDeepStrictEqual(told(value), what[name])) wrong.push(`${name} read here`);
    const written = await write(/** @type {any} */ (value));
    writeFileSync(join(ours, name), written);
    const isPythons = extname(name) === ".safetensors";
    if (isPythons && Buffer.compare(written, bytes) !== 0) wrong.push(`${name} written here, byte for byte`);
  }
  // What goes through our optimizers' form is an optimizer of theirs that goes on.
  const runs = JSON.parse(readFileSync(join(theirs, "runs.json"), "utf8"));
  for (const name of Object.keys(runs)) {
    const dict = optimizerFromTorch(await readTorch(readFileSync(join(theirs, name))));
    writeFileSync(join(ours, name), await writeTorch(/** @type {any} */ (optimizerToTorch(withTensors(dict)))));
  }
  Object.assign(what, runs);
  const back = ask(python, "files.py", "check", ours);
  for (const name of Object.keys(what)) if (!isDeepStrictEqual(back[name], what[name])) wrong.push(`${name} written here`);
  const count = Object.keys(what).length;
  console.log(`${count} files of torch, safetensors and numpy, there and back`);
  if (count < 150) wrong.push(`only ${count} files`);
  return wrong;
}

/** The dict as an optimizer gives it, with tensors in place of their elements. @param {import("../dist/index.js").OptimizerDictLike<any>} dict */
function withTensors({ paramGroups, state }) {
  const tensor = (/** @type {Float32Array} */ data) => ({ shape: data.length === 4 ? [2, 2] : [3], dtype: "float32", data });
  return {
    paramGroups,
    state: Object.fromEntries(Object.entries(state).map(([place, saved]) => [place, { ...saved, tensors: saved.tensors.map(tensor) }])),
  };
}

/** As files.py tells it. @param {unknown} value @returns {unknown} */
function told(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(told);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), told(item)]));
  const { dtype, shape, data } = /** @type {any} */ (value);
  if (Array.isArray(shape) && ArrayBuffer.isView(data))
    return { dtype, shape: [...shape], values: Array.from(/** @type {any} */ (data), number) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, told(item)]));
}

/** @param {number | bigint} value */
function number(value) {
  if (typeof value === "bigint") return String(value);
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? value : value > 0 ? "inf" : "-inf";
}
