/** The backends that this machine has. */
import { type Backend, cpu } from "@dropwise/core";

const FACTORIES: Readonly<Record<string, () => Promise<Backend>>> = {
  wasm: async () => (await import("@dropwise/backend-wasm")).createWasmBackend({ threads: 1 }),
  native: async () => (await import("@dropwise/backend-native")).createNativeBackend({ threads: 1 }),
  webgpu: async () => (await import("@dropwise/backend-webgpu")).createWebGPUBackend() as Promise<Backend>,
};

/** `cpu` and all that can be made; what `DROPWISE_REQUIRE` (a comma list) names must be there. */
export async function backendsOf(): Promise<Backend[]> {
  const required = (process.env.DROPWISE_REQUIRE ?? "").split(",");
  const made: Backend[] = [cpu];
  for (const [name, create] of Object.entries(FACTORIES)) {
    try {
      made.push(await create());
    } catch (error) {
      if (required.includes(name)) throw error;
      console.log(`without ${name}: ${(error as Error).message}`);
    }
  }
  return made;
}
