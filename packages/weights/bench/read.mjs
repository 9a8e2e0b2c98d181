/**
 * How fast files of weights are read, beside what the system and PyTorch take for the same bytes, in turns within one run.
 *
 *     node packages/weights/bench/read.mjs [megabytes = 1024] [python]
 *
 * safetensors into the native backend, against `fs.readSync` of the same bytes into fresh memory; a .pt against `torch.load` where a Python with torch is given.
 */
import { spawnSync } from "node:child_process";
import { closeSync, createWriteStream, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createNativeBackend } from "@dropwise/backend-native";
import { tensor } from "@dropwise/core";
import { openSafetensors, readTorch, writeSafetensorsStream, writeTorch } from "@dropwise/weights";

const [megabytes = "1024", python] = process.argv.slice(2);
const TENSORS = 16;
const ROUNDS = 5;
const length = (Number(megabytes) * 2 ** 20) / TENSORS / 4;
const folder = mkdtempSync(join(tmpdir(), "dropwise-weights-"));
const backend = createNativeBackend();

try {
  const state = Object.fromEntries(
    Array.from({ length: TENSORS }, (_, i) => [
      `layer.${i}`,
      { shape: [length], dtype: "float32", data: () => new Float32Array(length).fill(i) },
    ]),
  );
  const file = join(folder, "model.safetensors");
  await pipeline(writeSafetensorsStream(state), createWriteStream(file));
  await compare(
    "safetensors into native, against readSync into fresh memory",
    () => readWhole(file),
    () => intoNative(file),
  );
  if (python !== undefined) await againstTorch();
} finally {
  rmSync(folder, { recursive: true });
  backend.dispose();
}

/** @param {string} path */
function readWhole(path) {
  const { size } = statSync(path);
  const bytes = new Uint8Array(size);
  const handle = openSync(path, "r");
  for (let at = 0; at < size; ) at += readSync(handle, bytes, at, Math.min(2 ** 30, size - at), at);
  closeSync(handle);
}

/** @param {string} path */
async function intoNative(path) {
  const opened = await openSafetensors(path);
  const tensors = [];
  for (const name of opened.names) {
    const { data, shape } = await opened.read(name);
    tensors.push(tensor(/** @type {Float32Array} */ (data), { shape, backend }));
  }
  await opened.close();
  for (const x of tensors) x.dispose();
}

async function againstTorch() {
  const path = join(folder, "model.pt");
  const weights = Object.fromEntries(
    Array.from({ length: TENSORS }, (_, i) => [
      `layer.${i}`,
      { shape: [length], dtype: "float32", data: new Float32Array(length).fill(i) },
    ]),
  );
  writeFileSync(path, await writeTorch(weights));
  const program =
    "import sys,time,torch\ntorch.load(sys.argv[1])\nt=time.perf_counter()\ntorch.load(sys.argv[1])\nprint(time.perf_counter()-t)";
  const theirs = () => Number(spawnSync(/** @type {string} */ (python), ["-c", program, path], { encoding: "utf8" }).stdout) * 1000;
  await compare("a .pt, against torch.load", theirs, () => readTorch(path));
}

/**
 * @param {string} what
 * @param {() => unknown} other may say its own milliseconds
 * @param {() => unknown} ours
 */
async function compare(what, other, ours) {
  const ratios = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const theirs = await time(other);
    const mine = await time(ours);
    if (round > 0) ratios.push(theirs / mine);
  }
  ratios.sort((a, b) => a - b);
  const [least, middle, most] = [0, ROUNDS >> 1, ROUNDS - 1].map((i) => (ratios[i] ?? 0).toFixed(2));
  console.log(`${what}: ${middle} times as fast (${least} to ${most} of ${ROUNDS} rounds, ${megabytes} MiB)`);
}

/** @param {() => unknown} fn */
async function time(fn) {
  const started = performance.now();
  const said = await fn();
  return typeof said === "number" ? said : performance.now() - started;
}
