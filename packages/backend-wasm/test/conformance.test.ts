import { createWasmBackend } from "@dropwise/backend-wasm";
import { describeBackend } from "@dropwise/conformance";

describeBackend({ name: "wasm", create: () => createWasmBackend({ threads: 1 }) });
describeBackend({ name: "wasm on two threads", create: () => createWasmBackend({ threads: 2 }) });
