/**
 * Holds every backend against PyTorch on this machine's NVIDIA GPU: the outputs and gradients of `nn.Dropout`, bit for bit and call by call, and the
 * losses of whole training runs from the same weights, data and seed.
 *
 *     npm run test:cuda                                 needs a Python with a CUDA build of torch: python3, or the one that PYTHON names
 *     npm run test:cuda -- --backend cpu,webgpu --json result.json
 *
 * Prints a line for each backend and question, and as the last one how many passed and failed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpu, functional as F, Generator, nn, optim, randn, tensor, tidy } from "@dropwise/core";
import { MissingError, runChecks } from "./pack/checks.mjs";

/** @typedef {import("@dropwise/core").Backend} Backend */
/** @typedef {{ seed: string, p: number, n: number, calls: number }} MaskQuestion */
/**
 * @typedef {object} Recipe A network of linear layers, each but the last followed by ReLU and dropout; cross-entropy over the outputs.
 * @property {string} seed
 * @property {readonly number[]} sizes
 * @property {number} p
 * @property {number} batch
 * @property {"SGD" | "Adam"} optimizer
 * @property {number} lr
 * @property {number} steps
 */
/** @typedef {{ outputs: string[], gradients: string[] }} Digests */
/**
 * @typedef {object} Answers
 * @property {string} torch Its version.
 * @property {string} gpu
 * @property {number} onePass The longest tensor whose mask PyTorch draws in one pass of this GPU.
 * @property {(Digests | null)[]} masks Null where the tensor is longer than that.
 * @property {{ losses: number[] }[]} training
 */

/** The package of each backend but core's own, and its factory. @type {Record<string, [string, string]>} */
const BACKENDS = {
  wasm: ["@dropwise/backend-wasm", "createWasmBackend"],
  native: ["@dropwise/backend-native", "createNativeBackend"],
  webgpu: ["@dropwise/backend-webgpu", "createWebGPUBackend"],
};

const SEEDS = ["0", "1", "42", "123", "2147483647", "4294967296", "9007199254740993", "9223372036854775807", "-1", "-9223372036854775808"];
const PROBABILITIES = [1e-10, 0.1, 0.2, 0.3, 0.5, 0.75, 0.9, 1 - 1e-7];

/** Lengths are multiples of 4: there PyTorch draws one block of four for four neighbours, as we do always. */
const LENGTHS = [4, 32, 1000, 65_536, 163_840, 1_000_000, 1_081_344];

/** @type {readonly MaskQuestion[]} */
const MASKS = [
  ...SEEDS.flatMap((seed) => PROBABILITIES.map((p) => ({ seed, p, n: 1024, calls: 3 }))),
  ...LENGTHS.flatMap((n) => [0.1, 0.5].map((p) => ({ seed: "20260101", p, n, calls: 2 }))),
];

/** @type {readonly Recipe[]} */
const RECIPES = [
  { seed: "7", sizes: [10, 20, 2], p: 0.5, batch: 64, optimizer: "SGD", lr: 0.1, steps: 200 },
  { seed: "42", sizes: [64, 256, 256, 10], p: 0.5, batch: 128, optimizer: "Adam", lr: 1e-3, steps: 100 },
];

/** How far a loss may be from PyTorch's, as a share of it: sums are rounded in another order, and a training run carries that on. */
const LOSS_TOLERANCE = 1e-3;

const options = /** @type {const} */ ({ backend: { type: "string", default: "cpu,wasm,native,webgpu" }, json: { type: "string" } });
const { values: asked } = parseArgs({ options });
const names = asked.backend.split(",");
const unknown = names.find((name) => name !== "cpu" && !(name in BACKENDS));
if (unknown !== undefined) exitWith(`expected --backend to be some of cpu, ${Object.keys(BACKENDS).join(", ")}, got ${unknown}`);

const models = RECIPES.map(prepare);
const answers = askTorch({ masks: MASKS, training: models.map(({ question }) => question) });
console.log(`PyTorch ${answers.torch} on ${answers.gpu}: one pass is ${answers.onePass} elements`);

/** @type {Record<string, string>} */
const devices = {};
/** @type {Record<string, number[]>} */
const deviations = {};
await runChecks(names.map((name) => ({ name, title: "masks, gradients and losses as PyTorch's on CUDA", run: () => compare(name) })));
if (asked.json !== undefined) {
  const compared = MASKS.filter((_, i) => answers.masks[i] !== null);
  const result = {
    date: new Date().toISOString(),
    torch: answers.torch,
    gpu: answers.gpu,
    onePass: answers.onePass,
    backends: devices,
    calls: compared.reduce((sum, { calls }) => sum + calls, 0),
    longest: Math.max(...compared.map(({ n }) => n)),
    trainingSteps: RECIPES.map(({ steps }) => steps),
    largestLossDeviation: deviations,
    passed: process.exitCode === 0,
  };
  writeFileSync(asked.json, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit();

// --- internal helpers ---

/** @param {string} message @returns {never} */
function exitWith(message) {
  console.error(`torch-cuda: ${message}`);
  process.exit(2);
}

/** @param {object} questions @returns {Answers} */
function askTorch(questions) {
  const python = process.env.PYTHON ?? "python3";
  const program = fileURLToPath(new URL("torch-cuda/answers.py", import.meta.url));
  const { stdout, stderr, status, error } = spawnSync(python, [program], {
    input: JSON.stringify(questions),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) exitWith(`${python} does not start (${error.message}) - set PYTHON to one with a CUDA build of torch`);
  if (status !== 0) exitWith(`${python} gave no answers - it needs a CUDA build of torch and an NVIDIA GPU:\n${stderr.trim()}`);
  return JSON.parse(stdout);
}

/** @param {string} name @returns {Promise<string>} what was compared */
async function compare(name) {
  const backend = await open(name);
  devices[name] = backend.info.device;
  let calls = 0;
  for (const [i, question] of MASKS.entries()) {
    const expected = answers.masks[i];
    if (!expected) continue;
    const got = await digests(backend, question);
    for (let call = 0; call < question.calls; call++, calls++) {
      const where = `seed ${question.seed}, p ${question.p}, ${question.n} elements, call ${call}`;
      if (got.outputs[call] !== expected.outputs[call]) throw new Error(`${where}: another output than PyTorch's`);
      if (got.gradients[call] !== expected.gradients[call]) throw new Error(`${where}: another gradient than PyTorch's`);
    }
  }
  const largest = [];
  for (const [i, { train, question }] of models.entries()) {
    const got = await train(backend);
    const expected = /** @type {{ losses: number[] }} */ (answers.training[i]).losses;
    const far = got.map((loss, step) => Math.abs(loss / /** @type {number} */ (expected[step]) - 1));
    const step = far.findIndex((deviation) => !(deviation <= LOSS_TOLERANCE));
    if (step >= 0) throw new Error(`${question.sizes.join("-")}, step ${step}: loss ${got[step]}, PyTorch has ${expected[step]}`);
    largest.push(Math.max(...far));
  }
  deviations[name] = largest;
  if (backend !== cpu) backend.dispose();
  return `${calls} calls bit for bit, losses within ${largest.map((x) => x.toExponential(1)).join(" and ")}; ${devices[name]}`;
}

/** @param {string} name @returns {Promise<Backend>} */
async function open(name) {
  if (name === "cpu") return cpu;
  const [specifier, factory] = /** @type {[string, string]} */ (BACKENDS[name]);
  try {
    return await (await import(specifier))[factory]();
  } catch (error) {
    const { name: kind, code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (kind !== "BackendUnavailableError" && code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingError(name, message.split("\n", 1)[0] ?? "");
  }
}

/** The input of length n; answers.py makes the same. All exact in float32, none of them zero. @param {number} n */
function values(n) {
  return Float32Array.from({ length: n }, (_, i) => (((i * 40503) % 65521) - 32760 + 0.5) / 64);
}

/** SHA-256 of the float32 values, as answers.py takes it. @param {import("@dropwise/core").Tensor} x */
async function digest(x) {
  return createHash("sha256")
    .update(await x.data())
    .digest("hex");
}

/** @param {Backend} backend @param {MaskQuestion} question @returns {Promise<Digests>} */
async function digests(backend, { seed, p, n, calls }) {
  // Backends are compared side by side: each draws from a generator of its own, which stands where `manualSeed(seed)` puts the default one.
  const layer = new nn.Dropout({ p, generator: new Generator(BigInt(seed)) });
  /** @type {Digests} */
  const found = { outputs: [], gradients: [] };
  for (let call = 0; call < calls; call++) {
    const x = tensor(values(n), { backend, requiresGrad: true });
    const y = layer.forward(x);
    y.backward(tensor(values(n).reverse(), { backend }));
    found.outputs.push(await digest(y));
    found.gradients.push(await digest(/** @type {import("@dropwise/core").Tensor} */ (x.grad)));
    for (const used of [x, y]) used.dispose();
  }
  return found;
}

/**
 * A recipe as a question to PyTorch, with weights and data in base64, and the same training on a backend of ours.
 *
 * @param {Recipe} recipe
 */
function prepare(recipe) {
  const { seed, sizes, p, batch, optimizer, lr, steps } = recipe;
  const generator = new Generator(BigInt(seed));
  const weights = [...network(sizes, p, cpu, generator).parameters()].map(
    (parameter) => /** @type {Float32Array} */ (parameter.dataSync()),
  );
  const inputs = /** @type {number} */ (sizes[0]);
  const classes = /** @type {number} */ (sizes.at(-1));
  const x = /** @type {Float32Array} */ (randn([batch, inputs], { generator }).dataSync());
  const labels = Int32Array.from({ length: batch }, (_, i) => (Number(Number(x[i * inputs]) > 0) + 2 * i) % classes);
  const question = { ...recipe, weights: weights.map(base64), x: base64(x), y: base64(Float32Array.from(labels)) };

  /** @param {Backend} backend @returns {Promise<number[]>} the loss at each step */
  const train = async (backend) => {
    const model = network(sizes, p, backend, new Generator(BigInt(seed))); // draws the weights above again; its first mask has call 0
    const optimize = new optim[optimizer](model.parameters(), { lr });
    const input = tensor(x, { shape: [batch, inputs], backend });
    const target = tensor(labels, { backend });
    const losses = [];
    for (let step = 0; step < steps; step++) {
      losses.push(
        tidy(() => {
          optimize.zeroGrad();
          const loss = F.crossEntropy(model.forward(input), target);
          loss.backward();
          optimize.step();
          return loss.detach();
        }),
      );
    }
    return Promise.all(losses.map((loss) => loss.item()));
  };
  return { question, train };
}

/** @param {readonly number[]} sizes @param {number} p @param {Backend} backend @param {Generator} generator */
function network(sizes, p, backend, generator) {
  const layers = sizes.slice(1).flatMap((size, i) => {
    const linear = new nn.Linear(/** @type {number} */ (sizes[i]), size, { backend, generator });
    return i + 2 < sizes.length ? [linear, new nn.ReLU(), new nn.Dropout({ p, generator })] : [linear];
  });
  return new nn.Sequential(...layers);
}

/** @param {Float32Array} data */
function base64(data) {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}
