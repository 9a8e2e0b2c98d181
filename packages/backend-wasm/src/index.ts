/** The WebAssembly backend of Dropwise. */
export { createWasmBackend, type WasmBackendOptions } from "./backend";
