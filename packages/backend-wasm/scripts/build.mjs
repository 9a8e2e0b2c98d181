/**
 * What the sources need beside TypeScript, made before tsup runs:
 *
 *     dist/kernels.wasm           the module, for those who load it themselves
 *     src/generated/kernels.ts    the same as text, built into the package
 *     src/generated/worker.ts     the worker's program as text
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compileKernels } from "./compile.mjs";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = join(folder, "src/generated");

rmSync(join(folder, "dist"), { recursive: true, force: true });
mkdirSync(join(folder, "dist"), { recursive: true });
mkdirSync(generated, { recursive: true });

const kernels = await compileKernels();
writeFileSync(join(folder, "dist/kernels.wasm"), kernels);
writeConstant("kernels.ts", "KERNELS", Buffer.from(kernels).toString("hex"));

const worker = await build({
  entryPoints: [join(folder, "src/worker.ts")],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
});
writeConstant("worker.ts", "WORKER", worker.outputFiles[0]?.text.trim() ?? "");

/** @param {string} file @param {string} name @param {string} text */
function writeConstant(file, name, text) {
  writeFileSync(join(generated, file), `/** Made by scripts/build.mjs. */\nexport const ${name}: string = ${JSON.stringify(text)};\n`);
}
