import { cpu } from "@dropwise/core";

/** The first of the backends that is there: C++, WebAssembly, or the one that core has. */
export async function fastestBackend() {
  try {
    return (await import("@dropwise/backend-native")).createNativeBackend();
  } catch {
    return import("@dropwise/backend-wasm").then(({ createWasmBackend }) => createWasmBackend()).catch(() => cpu);
  }
}
