/**
 * Holds the streams `torchCuda` and `torchCpu` against the PyTorch of this machine: every kind of mask, element type, odd and long sizes, call by call, and the
 * generator's state afterwards, on every backend.
 *
 *     npm run test:cuda                                        the card's, behind the checks of torch-cuda.mjs
 *     node scripts/torch-streams.mjs cpu [--backend cpu,wasm]  the CPU's; PYTHON names a Python with torch
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bernoulli, cpu, functional as F, full, Generator, ones } from "@dropwise/core";
import { torchCpu, torchCuda } from "@dropwise/core/streams";
import { MissingError, runChecks } from "./pack/checks.mjs";

/** @typedef {import("@dropwise/core").Backend} Backend */
/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {"float16" | "bfloat16" | "float32" | "float64"} DType */
/** @typedef {{ op: string, n: number, dtype: DType, p: number, seed: number, calls: number }} Question */
/** @typedef {{ masks: string[], state: string }} Answer */

/** @type {Record<string, [string, string]>} */
const BACKENDS = {
  wasm: ["@dropwise/backend-wasm", "createWasmBackend"],
  native: ["@dropwise/backend-native", "createNativeBackend"],
  webgpu: ["@dropwise/backend-webgpu", "createWebGPUBackend"],
};

/** How each kind is drawn, as bytes of 0 and 1 in the end. @type {Record<string, (question: Question, backend: Backend, generator: Generator) => Tensor>} */
const DRAWS = {
  dropout: ({ n, p }, backend, generator) => F.dropout(ones([n], { backend }), { p, generator }),
  "dropout in place": ({ n, p }, backend, generator) => F.dropout(ones([n], { backend }), { p, generator, inplace: true }),
  alphaDropout: ({ n, p }, backend, generator) => F.alphaDropout(full([n], 100, { backend }), { p, generator, training: true }).gt(10),
  dropout2d: ({ n, p }, backend, generator) => F.dropout2d(ones([n / 8, 4, 1, 2], { backend }), { p, generator }).slice(3, 0, 1),
  bernoulli: ({ n, p }, backend, generator) => bernoulli(full([n], 1 - p, { backend }), { generator }),
};

const SIZES = [8, 16, 1000, 1022, 1024, 1031, 270_336, 1_081_352, 3_000_000];
const DTYPES = /** @type {const} */ (["float32", "float64", "float16", "bfloat16"]);

/** @type {Question[]} */
const QUESTIONS = Object.keys(DRAWS).flatMap((op) =>
  DTYPES.flatMap((dtype) =>
    SIZES.filter((n) => op !== "dropout2d" || n % 8 === 0)
      // A probability is a number of its tensor's type: only float32's are ours.
      .filter(() => op !== "bernoulli" || dtype === "float32")
      .map((n, i) => ({ op, n, dtype, p: /** @type {number} */ ([0.1, 0.25, 0.5][i % 3]), seed: 7 + i, calls: 2 })),
  ),
);

const { values, positionals } = parseArgs({
  options: { backend: { type: "string", default: "cpu,wasm,native,webgpu" } },
  allowPositionals: true,
});
const device = positionals[0] ?? "cuda";
const python = process.env.PYTHON ?? "python3";
const program = fileURLToPath(new URL("torch-cuda/masks.py", import.meta.url));
const { stdout, stderr, status, error } = spawnSync(python, [program, device], {
  input: JSON.stringify(QUESTIONS),
  encoding: "utf8",
  maxBuffer: 2 ** 28,
});
if (error !== undefined || status !== 0) {
  console.error(`torch-streams: expected ${python} to have torch with ${device}, got ${error?.message ?? stderr.trim()} - set PYTHON`);
  process.exit(2);
}
const told = JSON.parse(stdout);
console.log(`PyTorch ${told.torch} on ${told.device}: ${QUESTIONS.length} questions`);

await runChecks(
  values.backend.split(",").map((name) => ({ name, title: `masks as PyTorch's on ${told.device}`, run: () => compare(name) })),
);
process.exit();

// --- internal helpers ---

/** @param {string} name @returns {Promise<string>} what was compared */
async function compare(name) {
  const backend = await open(name);
  const { multiprocessors, threadsPerMultiprocessor } = told;
  for (const [i, question] of QUESTIONS.entries()) {
    const { op, n, dtype, p, seed, calls } = question;
    const stream = device === "cpu" ? torchCpu : torchCuda({ multiprocessors, threadsPerMultiprocessor, dtype });
    const generator = new Generator(seed, { stream });
    const answer = /** @type {Answer} */ (told.answers[i]);
    for (let call = 0; call < calls; call++) {
      const drawn = /** @type {(typeof DRAWS)[string]} */ (DRAWS[op])(question, backend, generator);
      const got = digest(Uint8Array.from(await drawn.data(), (value) => Number(value !== 0)));
      drawn.dispose();
      if (got !== answer.masks[call]) throw new Error(`${op} of ${n} ${dtype}, p ${p}, call ${call}: another mask than PyTorch's`);
    }
    const state = generator.getState().subarray(0, device === "cpu" ? undefined : 16);
    if (digest(state) !== answer.state) throw new Error(`${op} of ${n} ${dtype}: the generator stands elsewhere than PyTorch's`);
  }
  if (backend !== cpu) backend.dispose();
  return `${QUESTIONS.length} questions, ${backend.info.device}`;
}

/** @param {Uint8Array} bytes */
function digest(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @param {string} name @returns {Promise<Backend>} */
async function open(name) {
  if (name === "cpu") return cpu;
  const known = BACKENDS[name];
  if (known === undefined) throw new Error(`expected a backend of cpu, ${Object.keys(BACKENDS).join(", ")}, got ${name}`);
  try {
    return await (await import(known[0]))[known[1]]();
  } catch (error) {
    const { name: kind, code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (kind !== "BackendUnavailableError" && code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingError(name, message.split("\n", 1)[0] ?? "");
  }
}
