/**
 * Prints the time of dropout against a plain copy of the same data on the same device.
 *
 *     node bench/dropout.mjs [--elements 67108864] [--runs 15] [--software] [--json file]
 *
 * `--software` takes SwiftShader, which is for correctness: its figures say nothing of a GPU.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { swiftShaderEnvironment } from "../test/support/swiftshader.mjs";
import { wgslEsbuild } from "../wgsl-plugin.mjs";

const { values } = parseArgs({
  options: {
    elements: { type: "string" },
    runs: { type: "string", default: "15" },
    software: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

if (values.software && process.env.DROPWISE_BENCH_CHILD === undefined) {
  // The driver is chosen by variables that count only from a process's start.
  const env = { ...process.env, ...(await swiftShaderEnvironment()), DROPWISE_BENCH_CHILD: "1" };
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit", env }).status ?? 1);
}

const here = dirname(fileURLToPath(import.meta.url));
const bundled = join(here, "..", "node_modules", ".cache", "bench", "measure.mjs");
mkdirSync(dirname(bundled), { recursive: true });
await build({
  entryPoints: [join(here, "measure.ts")],
  outfile: bundled,
  bundle: true,
  format: "esm",
  platform: "node",
  plugins: [wgslEsbuild()],
  logLevel: "error",
});
/** @type {typeof import("./measure")} */
const { measure } = await import(pathToFileURL(bundled).href);
const { create } = await import("webgpu");
// Node frees the device when this is collected, so it must stay reachable.
const gpu = Object.assign(globalThis, { benchGpu: create(["disable-dawn-features=timestamp_quantization"]) }).benchGpu;

const elements = Number(values.elements ?? (values.software ? 2 ** 22 : 2 ** 26));
const result = await measure(gpu, elements, Number(values.runs));

/** @param {readonly number[]} all */
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

const copy = median(result.timings[0]?.milliseconds ?? []);
console.log(`${result.device}, ${elements} float32, ${values.runs} runs of ${result.repeats}, clock: ${result.clock}`);
for (const { kernel, milliseconds } of result.timings) {
  const time = median(milliseconds);
  const spread = `${Math.min(...milliseconds).toFixed(4)} to ${Math.max(...milliseconds).toFixed(4)}`;
  console.log(`${kernel.padEnd(21)} ${time.toFixed(4)} ms (${spread}), ${(time / copy).toFixed(2)}x the copy`);
}
if (result.software) console.log("This adapter is software: it is for correctness, and these ratios say nothing of a GPU.");
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
process.exit(0);
