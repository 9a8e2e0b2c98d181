/**
 * The WebAssembly backend: SIMD kernels, and threads where memory can be shared.
 *
 * @module @dropwise/backend-wasm
 * @packageDocumentation
 */
export { createWasmBackend, type WasmBackendOptions } from "./backend";
export type { WasmHandle } from "./runtime";
