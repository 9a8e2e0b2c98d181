/** Finds the compiled addon. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { BackendUnavailableError } from "@dropwise/core/backend";

/** What the addon gives for one backend; see `native/addon.cc`. */
export interface AddonBackend {
  /** Runs the call in the argument block. Throws RangeError, having written nothing, when the block does not make sense. */
  run(): void;
  /** Makes memory known: 64 times its number, plus the bytes from its start to a cache line. The addon keeps it alive until `detach`. */
  attach(buffer: ArrayBuffer): number;
  detach(slab: number): void;
  /** Ends the threads. */
  stop(): void;
}

/** The addon's exports. */
export interface Addon {
  /** The instruction sets that run here, best first. */
  readonly isas: readonly string[];
  open(block: Float64Array, threads: number, isa: string): AddonBackend;
}

let loaded: Addon | undefined;

/**
 * The addon, from the first of these that there is: the file that `DROPWISE_NATIVE_PATH` names (and no other then), a build in this folder, the package for
 * this platform.
 *
 * @throws BackendUnavailableError that lists what was tried.
 */
export function loadAddon(): Addon {
  loaded ??= find(process.env.DROPWISE_NATIVE_PATH);
  return loaded;
}

/** This platform in the names of the packages: `linux-x64-gnu`. */
export function platformName(): string {
  const { platform, arch } = process;
  return platform === "linux" ? `linux-${arch}-${isGlibc() ? "gnu" : "musl"}` : `${platform}-${arch}`;
}

/** What `loadAddon` does, without remembering. `override` is the path to use alone. */
export function find(override?: string): Addon {
  const tried: string[] = [];
  const attempt = (label: string, name: string, isThere = true): Addon | undefined => {
    try {
      if (isThere) return checked(require(name));
      tried.push(`${label}: not there`);
    } catch (error) {
      tried.push(`${label}: ${((error as Error).message ?? String(error)).split("\n")[0]}`);
    }
    return undefined;
  };

  if (override !== undefined && override !== "") {
    const addon = attempt(`DROPWISE_NATIVE_PATH (${override})`, override);
    if (addon !== undefined) return addon;
    throw new BackendUnavailableError("native", "expected DROPWISE_NATIVE_PATH to name the addon - correct it or unset it; tried:", tried);
  }
  const build = fileURLToPath(new URL("../build/Release/dropwise.node", import.meta.url));
  const packageName = `@dropwise/backend-native-${platformName()}`;
  const addon =
    attempt(`a build in this package (${build})`, build, existsSync(build)) ?? attempt(`the package ${packageName}`, packageName);
  if (addon !== undefined) return addon;
  throw new BackendUnavailableError(
    "native",
    `expected a compiled addon for ${platformName()}, got none - install with optional dependencies (npm install without --omit=optional), ` +
      "or build it from a clone (npm run build), or use @dropwise/backend-wasm, which runs everywhere; tried:",
    tried,
  );
}

// --- internal helpers ---

const require = createRequire(import.meta.url);

function checked(exports: unknown): Addon {
  const { isas, open } = exports as Partial<Addon>;
  if (!Array.isArray(isas) || typeof open !== "function") throw new Error("it is no Dropwise addon");
  return exports as Addon;
}

/** Node says with which C library it runs; elsewhere the usual one is assumed. */
function isGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header === undefined || report.header.glibcVersionRuntime !== undefined;
}
