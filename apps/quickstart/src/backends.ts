import { type Backend, cpu, setDefaultBackend } from "@dropwise/core";
import { BACKEND_NAMES, type BackendName } from "./options";
import { tryAlone } from "./try-alone";
import { UserError } from "./user-error";

/** A backend that runs here, or the reason why it does not. */
export type BackendEntry =
  | { readonly name: BackendName; readonly backend: Backend }
  | { readonly name: BackendName; readonly backend: null; readonly reason: string };

/** A backend that runs here. */
export type PresentBackend = Extract<BackendEntry, { backend: Backend }>;

/** The packages that are no part of core, and the factory each exports. */
const PACKAGES: Readonly<Record<Exclude<BackendName, "cpu">, { specifier: string; factory: string }>> = {
  wasm: { specifier: "@dropwise/backend-wasm", factory: "createWasmBackend" },
  webgpu: { specifier: "@dropwise/backend-webgpu", factory: "createWebGPUBackend" },
  native: { specifier: "@dropwise/backend-native", factory: "createNativeBackend" },
};

/**
 * Tries the chosen backends, in the order in which they are shown. With `all`, those that cannot run come with their reason.
 *
 * @throws UserError if the one that was asked for cannot run.
 */
export async function openBackends(choice: BackendName | "all"): Promise<BackendEntry[]> {
  if (choice === "all") return Promise.all(BACKEND_NAMES.map(openBackend));
  const entry = await openBackend(choice);
  if (entry.backend === null) throw new UserError(`--backend ${choice}: cannot run here (${entry.reason})`);
  return [entry];
}

/** The backends from fast to slow for small models. The order is fixed, so that the same machine always chooses the same one. */
const FROM_FAST_TO_SLOW: readonly BackendName[] = ["native", "wasm", "cpu", "webgpu"];

/** The one that longer trainings run on. */
export function fastest(entries: readonly PresentBackend[]): PresentBackend {
  const order = (entry: PresentBackend): number => FROM_FAST_TO_SLOW.indexOf(entry.name);
  return entries.reduce((best, next) => (order(next) < order(best) ? next : best));
}

/** Ends threads and frees devices, so that the process can end. */
export function closeBackends(entries: readonly BackendEntry[]): void {
  for (const { backend } of entries) if (backend !== null && backend !== cpu) backend.dispose();
}

/** Runs `work` with `backend` as the default one: every tensor and model that it makes lives there. */
export async function onBackend<T>(backend: Backend, work: () => Promise<T>): Promise<T> {
  setDefaultBackend(backend);
  try {
    return await work();
  } finally {
    setDefaultBackend(cpu);
  }
}

// --- internal helpers ---

async function openBackend(name: BackendName): Promise<BackendEntry> {
  if (name === "cpu") return { name, backend: cpu };
  const { specifier, factory } = PACKAGES[name];
  try {
    if (name === "webgpu") await tryAlone(PACKAGES[name]);
    const module = (await import(specifier)) as Record<string, () => Backend | Promise<Backend>>;
    const create = module[factory];
    if (create === undefined) return { name, backend: null, reason: `${specifier} exports no ${factory}` };
    return { name, backend: await create() };
  } catch (error) {
    return { name, backend: null, reason: reasonOf(error, specifier) };
  }
}

function reasonOf(error: unknown, specifier: string): string {
  if ((error as NodeJS.ErrnoException | null)?.code === "ERR_MODULE_NOT_FOUND") return `${specifier} is not installed, or not built`;
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n", 1)[0] ?? "").trim() || "no reason given";
}
