/**
 * What a machine with a GPU is to answer, in one go and without a network: whether the WebGPU backend passes there, draws PyTorch's masks, and how fast it is beside
 * PyTorch on the same card. Made for few minutes on a card: each part has a limit of its own, and what it found is kept when a later one is cut off.
 *
 *     npm run test:gpu                          the system's Vulkan driver; PyTorch with CUDA by DROPWISE_TORCH or python3, else without it
 *     npm run test:gpu -- --out folder          where results go; default: bench/results
 *     npm run test:gpu -- --only bench          one part of: conformance, cuda, bench
 *     npm run test:gpu -- --try                 the script itself, on a machine without a GPU
 *
 * With --try the software driver that VK_ICD_FILENAMES names takes the card's place: it has ten times as long, and the benchmark runs each of its parts twice, since
 * times say nothing. Prints a line for each part, and last how many passed and failed; a part whose PyTorch or driver is not there says so and counts as neither.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "bench", "results") },
    only: { type: "string" },
    try: { type: "boolean", default: false },
  },
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });

const python = process.env.DROPWISE_TORCH ?? process.env.PYTHON ?? "python3";
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

/** @type {{ name: string, seconds: number, needsTorch?: boolean, command: readonly string[] }[]} */
const parts = [
  {
    name: "conformance",
    seconds: 120,
    command: [
      vitest,
      "run",
      "--project",
      "@dropwise/backend-webgpu",
      "packages/backend-webgpu/test/conformance.test.ts",
      "packages/backend-webgpu/test/budgets.test.ts",
    ],
  },
  {
    name: "cuda",
    seconds: 60,
    needsTorch: true,
    command: [join(root, "scripts", "torch-cuda.mjs"), "--backend", "webgpu", "--json", join(out, "gpu-torch-cuda.json")],
  },
  {
    name: "bench",
    seconds: 170,
    command: [
      ...[join(root, "bench", "dist", "main.js"), "--backend", "webgpu", "--threads", "1", "--name", "gpu"],
      ...(values.try ? ["--smoke"] : ["--quick", "--peers"]),
      ...["--op", "large,layers,train-tiny,train-mlp,train-cnn,train-gpt"],
    ],
  },
];

/** How much longer a driver in software may take. */
const TRY_FACTOR = 10;

const wanted = parts.filter(({ name }) => values.only === undefined || values.only === name);
if (wanted.length === 0) {
  console.error(`test:gpu: expected --only to be one of ${parts.map(({ name }) => name).join(", ")}, got ${values.only}`);
  process.exit(1);
}

setup();
let [passed, failed] = [0, 0];
for (const { name, seconds, needsTorch = false, command } of wanted) {
  if (needsTorch && !hasTorch()) {
    console.log(`-      ${name}: ${python} has no PyTorch with CUDA`);
    continue;
  }
  const start = performance.now();
  const limit = values.try ? seconds * TRY_FACTOR : seconds;
  const { status, signal } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: "inherit",
    timeout: limit * 1000,
    env: { ...process.env, PYTHON: python, DROPWISE_TORCH: python },
  });
  const time = `${((performance.now() - start) / 1000).toFixed(0)} s`;
  if (status === 0) passed++;
  else failed++;
  const end = signal === null ? `status ${status}` : `cut off after ${limit} s`;
  console.log(status === 0 ? `ok     ${name}: ${time}` : `FAILED ${name}: ${end}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Whether there is a PyTorch that has a GPU. */
function hasTorch() {
  return spawnSync(python, ["-c", "import sys, torch; sys.exit(not torch.cuda.is_available())"], { stdio: "ignore" }).status === 0;
}
