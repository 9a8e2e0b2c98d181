/** The checks as an ES module: `node smoke.mjs core wasm`, with the packages that the parts need. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { check } from "./checks.mjs";

const parts = process.argv.slice(2);
const packages = {
  core: await import("@dropwise/core"),
  ...(parts.includes("wasm") && {
    wasm: await import("@dropwise/backend-wasm"),
    kernels: () => readFile(createRequire(import.meta.url).resolve("@dropwise/backend-wasm/kernels.wasm")),
  }),
  ...(parts.some((part) => part.endsWith("native")) && { native: await import("@dropwise/backend-native") }),
  ...(parts.some((part) => part.endsWith("distributed")) && { distributed: await import("@dropwise/distributed"), env: process.env }),
  ...(parts.some((part) => part.endsWith("webgpu")) && { webgpu: await import("@dropwise/backend-webgpu") }),
  ...(parts.includes("weights") && { weights: await import("@dropwise/weights"), file: `weights-${process.pid}.safetensors` }),
};
console.log(await check(parts, packages));
