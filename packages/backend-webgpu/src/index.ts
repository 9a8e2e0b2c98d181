/**
 * The WebGPU backend: WGSL kernels in browsers, Deno, and Node through the package `webgpu`.
 *
 * @module @dropwise/backend-webgpu
 * @packageDocumentation
 */
export type { WebGPUBackendOptions } from "./acquire";
export type { WebGPUBackend, WebGPUStats } from "./create";
export type { GpuMemory } from "./gpu/memory";

import type { WebGPUBackendOptions } from "./acquire";
import { open, type WebGPUBackend } from "./create";

/**
 * Opens a GPU and makes a backend of it: in browsers (pages and workers) and Deno through `navigator.gpu`, in Node through the package `webgpu`
 * where that is installed.
 *
 * Tensors are float32, int32 or bool. Operations are queued; only `await tensor.data()` and its like wait for the device. Values below
 * 2^-126 may be flushed to 0, as WebGPU allows.
 *
 * @param options Default: what the runtime offers.
 * @throws TypeError for options of a wrong type.
 * @throws BackendUnavailableError where there is no WebGPU or no adapter, with the fix for this runtime.
 * @example
 * ```ts
 * const gpu = await createWebGPUBackend();
 * manualSeed(42);
 * const x = ones([8], { backend: gpu });
 * console.log((await F.dropout(x, { p: 0.5 }).data()).join()); // 0,2,2,2,2,2,2,0
 * ```
 */
export async function createWebGPUBackend(options: WebGPUBackendOptions = {}): Promise<WebGPUBackend> {
  return (await open(options)).backend;
}
