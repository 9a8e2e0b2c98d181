/** The conformance suite on the WebAssembly backend as installed; copied as a test file. */
import { createWasmBackend } from "@dropwise/backend-wasm";
import { describeBackend } from "@dropwise/conformance";

for (const threads of [1, 2]) {
  describeBackend({ name: `wasm-${threads}`, create: () => createWasmBackend({ threads }) });
}
