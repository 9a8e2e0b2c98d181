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
import { openSafetensors, writeSafetensorsStream, writeTorch } from "@dropwise/weights";

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
    `${megabytes} MiB of safetensors into native, against readSync into fresh memory`,
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
  for (const name of opened.names) tensors.push(await opened.readTensor(name, { backend }));
  await opened.close();
  for (const x of tensors) x.dispose();
}

/** Each in a process of its own, at its second reading: the first also loads code. */
async function againstTorch() {
  const theirs =
    "import sys,time,torch\ntorch.load(sys.argv[1])\nt=time.perf_counter()\ntorch.load(sys.argv[1])\nprint(1000*(time.perf_counter()-t))";
  const ours = `import { readTorch } from "${import.meta.resolve("@dropwise/weights")}";
    await readTorch(process.argv[1]); gc(); const t = performance.now(); await readTorch(process.argv[1]); console.log(performance.now() - t);`;
  for (const [count, each] of /** @type {const} */ ([
    [TENSORS, length],
    [20_000, 64],
  ])) {
    const path = join(folder, `${count}.pt`);
    await written(path, count, each);
    /** @param {string} command @param {string[]} args */
    const told = (command, args) => Number(spawnSync(command, [...args, path], { encoding: "utf8" }).stdout);
    await compare(
      `a .pt of ${count} tensors of ${each} numbers, against torch.load`,
      () => told(/** @type {string} */ (python), ["-c", theirs]),
      () => told(process.execPath, ["--expose-gc", "--input-type=module", "-e", ours]),
    );
  }
}

/**
 * @param {string} path
 * @param {number} count
 * @param {number} each
 */
async function written(path, count, each) {
  const weights = Array.from({ length: count }, (_, i) => [
    `layer.${i}`,
    { shape: [each], dtype: "float32", data: new Float32Array(each).fill(i) },
  ]);
  writeFileSync(path, await writeTorch(Object.fromEntries(weights)));
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
  console.log(`${what}: ${middle} times as fast (${least} to ${most} of ${ROUNDS} rounds)`);
}

/** @param {() => unknown} fn */
async function time(fn) {
  const started = performance.now();
  const said = await fn();
  return typeof said === "number" ? said : performance.now() - started;
}
