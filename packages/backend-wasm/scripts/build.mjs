/**
 * What the sources need beside TypeScript, made before tsup runs:
 *
 *     dist/kernels.wasm           the module, for those who load it themselves
 *     dist/kernels-relaxed.wasm   the kernels for relaxed SIMD, likewise
 *     src/generated/kernels.ts    the same two as text, built into the package
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

const kernels = await compileKernels("kernels.cpp", ["-Wl,--export=__heap_base", "-Wl,--export=__stack_pointer"]); // each thread gets a stack of its own
const relaxed = await compileKernels("kernels-relaxed.cpp", ["-mrelaxed-simd"]);
writeFileSync(join(folder, "dist/kernels.wasm"), kernels);
writeFileSync(join(folder, "dist/kernels-relaxed.wasm"), relaxed);
writeConstants("kernels.ts", { KERNELS: textOf(kernels), RELAXED_KERNELS: textOf(relaxed) });

const worker = await build({
  entryPoints: [join(folder, "src/worker.ts")],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
});
writeConstants("worker.ts", { WORKER: worker.outputFiles[0]?.text.trim() ?? "" });

/** @param {string} file @param {Record<string, string>} texts */
function writeConstants(file, texts) {
  const lines = Object.entries(texts).map(([name, text]) => `export const ${name}: string = ${JSON.stringify(text)};\n`);
  writeFileSync(join(generated, file), `/** Made by scripts/build.mjs. */\n${lines.join("")}`);
}

/**
 * Bytes as printable text, which `bytesOf` of `src/module.ts` reads: a byte, with 3 added so that 0xfd, which begins every vector instruction, is a low one
 * too, is one of 91 characters; those above come after a space or a "!". Compressed that is 7 % less than hexadecimal digits, and 25 % less than base64.
 *
 * @param {Uint8Array} bytes
 */
function textOf(bytes) {
  let text = "";
  for (const byte of bytes) {
    const value = (byte + 3) & 255;
    const code = 35 + (value % 91);
    text += ["", " ", "!"][Math.floor(value / 91)] + String.fromCharCode(code < 92 ? code : code + 1); // no backslash
  }
  return text;
}
