/**
 * Files of PyTorch and NumPy, there and back: those that they write are read here, written here and read there, with the same elements in every dtype and form. Needs a Python with
 * torch and numpy, which DROPWISE_PYTHON names (default: python3); says so and ends well where there is none. The package is built first.
 *
 *     npm run test:interop -w @dropwise/weights
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { optimizerFromTorch, optimizerToTorch, readNpy, readNpz, readTorch, writeNpy, writeNpz, writeTorch } from "../dist/index.js";

const FORMS = /** @type {const} */ ({ ".pt": [readTorch, writeTorch], ".npy": [readNpy, writeNpy], ".npz": [readNpz, writeNpz] });
const python = process.env.DROPWISE_PYTHON ?? "python3";
const script = fileURLToPath(new URL("interop.py", import.meta.url));

if (spawnSync(python, ["-c", "import torch, numpy"]).status !== 0) {
  console.log(`skipped: ${python} has no torch and numpy; DROPWISE_PYTHON names one that has`);
} else {
  const folder = mkdtempSync(join(tmpdir(), "dropwise-interop-"));
  try {
    await compare(join(folder, "theirs"), join(folder, "ours"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} theirs @param {string} ours folders for files */
async function compare(theirs, ours) {
  mkdirSync(theirs);
  mkdirSync(ours);
  ask("make", theirs);
  const what = JSON.parse(readFileSync(join(theirs, "what.json"), "utf8"));
  const wrong = [];
  for (const name of Object.keys(what)) {
    const [read, write] = FORMS[/** @type {keyof typeof FORMS} */ (extname(name))];
    const value = await read(readFileSync(join(theirs, name)));
    if (!isDeepStrictEqual(told(value), what[name])) wrong.push(`${name} read here`);
    writeFileSync(join(ours, name), await write(/** @type {any} */ (value)));
  }
  // What goes through our optimizers' form is an optimizer of theirs that goes on.
  const runs = JSON.parse(readFileSync(join(theirs, "runs.json"), "utf8"));
  for (const name of Object.keys(runs)) {
    const dict = optimizerFromTorch(await readTorch(readFileSync(join(theirs, name))));
    writeFileSync(join(ours, name), await writeTorch(/** @type {any} */ (optimizerToTorch(withTensors(dict)))));
  }
  Object.assign(what, runs);
  const back = JSON.parse(ask("check", ours));
  for (const name of Object.keys(what)) if (!isDeepStrictEqual(back[name], what[name])) wrong.push(`${name} written here`);
  for (const name of wrong) console.log(`FAILED ${name}`);
  const files = Object.keys(what).length;
  console.log(`${wrong.length === 0 ? "ok" : "FAILED"} ${files} files, there and back`);
  if (wrong.length > 0 || files < 100) process.exitCode = 1;
}

/** The dict as an optimizer gives it, with tensors in place of their elements. @param {import("../dist/index.js").OptimizerDictLike<any>} dict */
function withTensors({ paramGroups, state }) {
  const tensor = (/** @type {Float32Array} */ data) => ({ shape: data.length === 4 ? [2, 2] : [3], dtype: "float32", data });
  return {
    paramGroups,
    state: Object.fromEntries(Object.entries(state).map(([place, saved]) => [place, { ...saved, tensors: saved.tensors.map(tensor) }])),
  };
}

/** @param {string} what @param {string} folder @returns {string} */
function ask(what, folder) {
  const { status, stdout, stderr } = spawnSync(python, [script, what, folder], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${python} ${what}: ${stderr}`);
  return stdout;
}

/** As interop.py tells it. @param {unknown} value @returns {unknown} */
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
