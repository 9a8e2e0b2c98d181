/**
 * The WebAssembly backend: SIMD kernels, and threads where memory can be shared.
 *
 * @module @dropwise/backend-wasm
 * @packageDocumentation
 */
export { createWasmBackend } from "./backend";
export type { WasmBackendOptions } from "./options";
export type { WasmHandle } from "./runtime";
