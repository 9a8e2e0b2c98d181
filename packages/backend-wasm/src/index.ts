/** The WebAssembly backend of Dropwise. */

// First in the bundle: the digits of the module compress better apart from code.
import "./generated/kernels";

export { createWasmBackend, type WasmBackendOptions } from "./backend";
