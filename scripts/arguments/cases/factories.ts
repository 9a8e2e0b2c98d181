/** The factories of backends: `@dropwise/backend-native`, `-wasm` and `-webgpu`. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

const threads: Place = { valid: () => 1, accepts: (value) => value === "auto" || (Number.isInteger(value) && (value as number) >= 1) };

export const nativeCases: Cases = {
  createNativeBackend: [p.options({ threads, isa: p.made(() => "scalar") })],
};

const { resolve } = createRequire(import.meta.url);
const bytes = readFileSync(resolve("@dropwise/backend-wasm/kernels.wasm"));
const relaxed = readFileSync(resolve("@dropwise/backend-wasm/kernels-relaxed.wasm"));
// Node 20 has relaxed SIMD behind a flag, which later ones do not know.
if (!WebAssembly.validate(relaxed)) setFlagsFromString("--experimental-wasm-relaxed-simd");
/** One for all calls: each backend is disposed before the next is made. */
const memory = new WebAssembly.Memory({ initial: 2, maximum: 64 });

export const wasmCases: Cases = {
  createWasmBackend: {
    args: [
      p.options({
        threads,
        module: p.made(() => bytes),
        memory: p.made(() => memory),
        relaxedSimd: p.flag(),
        relaxedModule: p.made(() => relaxed),
      }),
    ],
    isAsync: true,
  },
};

// No GPU is opened here: what stands in for one has none to give.
const gpu = { requestAdapter: async () => null };
const adapter = { info: {}, limits: {}, requestDevice: () => Promise.reject(new Error("no device")) };

export const webgpuCases: Cases = {
  createWebGPUBackend: {
    args: [
      p.options({
        gpu: p.made(() => gpu),
        adapter: p.made(() => adapter),
        device: p.made(() => undefined),
        powerPreference: p.word("low-power", "high-performance"),
      }),
    ],
    isAsync: true,
    refuses: true,
  },
};
