/** The checks as a CommonJS program: `node smoke.cjs core wasm`, with the packages that the parts need. */
const { readFile } = require("node:fs/promises");

const parts = process.argv.slice(2);
/** Their types for `require` are a second set, which the checks do not name. @type {any} */
const packages = {
  core: require("@dropwise/core"),
  ...(parts.includes("wasm") && {
    wasm: require("@dropwise/backend-wasm"),
    kernels: () => readFile(require.resolve("@dropwise/backend-wasm/kernels.wasm")),
  }),
  ...(parts.some((part) => part.endsWith("native")) && { native: require("@dropwise/backend-native") }),
  ...(parts.some((part) => part.endsWith("distributed")) && { distributed: require("@dropwise/distributed"), env: process.env }),
  ...(parts.some((part) => part.endsWith("webgpu")) && { webgpu: require("@dropwise/backend-webgpu") }),
  ...(parts.includes("weights") && { weights: require("@dropwise/weights"), file: `weights-${process.pid}.safetensors` }),
};
import("./checks.mjs").then(({ check }) => check(parts, packages)).then(console.log);
