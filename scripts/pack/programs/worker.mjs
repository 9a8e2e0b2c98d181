/** The checks as a worker of Cloudflare's, where a .wasm file is imported as a compiled module. */
import * as wasm from "@dropwise/backend-wasm";
// @ts-expect-error It has no types.
import kernels from "@dropwise/backend-wasm/kernels.wasm";
import * as core from "@dropwise/core";
import { check } from "./checks.mjs";

export default {
  async test() {
    console.log(`had: ${await check(["core", "wasm module"], { core, wasm, module: kernels })}`);
  },
};
