/**
 * What is read and written here against those who made the formats: PyTorch, safetensors and NumPy. Files of every dtype and form and models go there and back, a large file is read
 * without being held, and layers of Keras and Flax are read by the table in this package's README. Needs a Python with torch, safetensors and numpy, which DROPWISE_PYTHON names
 * (default: python3), and for the last part one with keras, flax, jax and safetensors, which DROPWISE_KERAS_PYTHON names (default: the same one); parts that have none are left out,
 * which is said. The package is built first; core is to be there, and is asked through its fastest backend.
 *
 *     npm run test:interop -w @dropwise/weights
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { files } from "./interop/files.mjs";
import { kernels } from "./interop/kernels.mjs";
import { large } from "./interop/large.mjs";
import { models } from "./interop/models.mjs";
import { has } from "./interop/python.mjs";

const { DROPWISE_PYTHON = "python3", DROPWISE_KERAS_PYTHON = DROPWISE_PYTHON } = process.env;
const TORCH = /** @type {const} */ (["DROPWISE_PYTHON", DROPWISE_PYTHON, "torch, safetensors, numpy"]);
const KERAS = /** @type {const} */ (["DROPWISE_KERAS_PYTHON", DROPWISE_KERAS_PYTHON, "keras, flax, jax, safetensors"]);

const folder = mkdtempSync(join(tmpdir(), "dropwise-interop-"));
let failed = 0;
try {
  for (const [part, [variable, python, modules]] of /** @type {const} */ ([
    [files, TORCH],
    [models, TORCH],
    [large, TORCH],
    [kernels, KERAS],
  ])) {
    if (!has(python, modules)) {
      console.log(`${part.name} skipped: ${python} has not all of ${modules}; ${variable} names one that has`);
      continue;
    }
    const own = join(folder, part.name);
    mkdirSync(own);
    const wrong = await part(python, own);
    for (const what of wrong) console.log(`FAILED ${what}`);
    failed += wrong.length;
    console.log(`${wrong.length === 0 ? "ok" : "FAILED"} ${part.name}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (failed > 0) process.exitCode = 1;
