import { type Backend, cpu } from "@dropwise/core";
import type { Competitor } from "../competitor";
import { entryFor } from "./entry";

/** The names that `--backend` takes. `cpu` is core's own; the others are packages that may or may not be there. */
export const BACKEND_NAMES = ["cpu", "wasm", "native", "webgpu"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** A backend that is left out. */
export interface Missing {
  readonly name: string;
  readonly reason: string;
}

/** The packages that are no part of core, the factory each exports, and whether it takes a number of threads. */
const PACKAGES: Readonly<Record<Exclude<BackendName, "cpu">, { specifier: string; factory: string; threaded: boolean }>> = {
  wasm: { specifier: "@dropwise/backend-wasm", factory: "createWasmBackend", threaded: true },
  native: { specifier: "@dropwise/backend-native", factory: "createNativeBackend", threaded: true },
  webgpu: { specifier: "@dropwise/backend-webgpu", factory: "createWebGPUBackend", threaded: false },
};

/** Opens one backend with a number of threads. Throws what importing or creating it throws. */
export async function openBackend(name: BackendName, threads: number): Promise<Backend> {
  if (name === "cpu") return cpu;
  const { specifier, factory, threaded } = PACKAGES[name];
  const module = (await import(specifier)) as Record<string, (options?: { threads: number }) => Backend | Promise<Backend>>;
  const create = module[factory];
  if (create === undefined) throw new Error(`${specifier} exports no ${factory}`);
  return threaded ? create({ threads }) : create();
}

/** Opens each backend once for each number of threads that it takes. */
export async function openBackends(
  names: readonly BackendName[],
  threads: readonly number[],
): Promise<{ competitors: Competitor[]; missing: Missing[] }> {
  const competitors: Competitor[] = [];
  const missing: Missing[] = [];
  for (const name of BACKEND_NAMES.filter((candidate) => names.includes(candidate))) {
    const counts = name === "cpu" || !PACKAGES[name].threaded ? [1] : threads;
    try {
      for (const count of counts) {
        const backend = await openBackend(name, count);
        // Fewer threads than asked for (no shared memory) would be measured twice under two names.
        if (count > 1 && backend.info.threads !== count) backend.dispose();
        else competitors.push(toCompetitor(backend));
      }
    } catch (error) {
      missing.push({ name, reason: reasonOf(error, name) });
    }
  }
  return { competitors, missing };
}

// --- internal helpers ---

function toCompetitor(backend: Backend): Competitor {
  const { threads, device } = backend.info;
  return {
    name: threads > 1 && backend.info.hostVisible ? `${backend.name} x${threads}` : backend.name,
    threads,
    device,
    entry: (task, data) => entryFor(backend, task, data),
    close() {
      if (backend !== cpu) backend.dispose();
    },
  };
}

function reasonOf(error: unknown, name: string): string {
  if ((error as NodeJS.ErrnoException | null)?.code === "ERR_MODULE_NOT_FOUND")
    return `@dropwise/backend-${name} is not installed, or not built`;
  return ((error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "").trim() || "no reason given";
}
