/** Finds the compiled addon and loads it. */
import { existsSync, readFileSync } from "node:fs";
import nodeModule from "node:module";
import { isAbsolute, resolve, toNamespacedPath } from "node:path";
import { fileURLToPath } from "node:url";
import { BackendUnavailableError } from "@dropwise/core/backend";
import { name as packageName, version } from "../package.json";
import { platformNames } from "./platform";

/** What the addon gives for one backend; see `native/addon.cc`. */
export interface AddonBackend {
  /** Runs the call in the argument block. Throws RangeError, having written nothing, when the block does not make sense. */
  run(): void;
  /** Makes memory known: 64 times its number, plus the bytes from its start to a cache line. The addon keeps it alive until `detach`. */
  attach(buffer: ArrayBuffer): number;
  /** Gives the memory back to the system: the ArrayBuffer, and every array on it, has no elements from now on. */
  detach(slab: number): void;
  /** Ends the threads and frees what they had. */
  stop(): void;
}

/** The addon's exports. */
export interface Addon {
  /** The version of this package that it was built from: how calls are written is settled between the two. */
  readonly version: string;
  /** The instruction sets that run here, best first. */
  readonly isas: readonly string[];
  open(block: Float64Array, threads: number, isa: string): AddonBackend;
}

let loaded: Addon | undefined;

/**
 * The addon, from the first of these that there is: the file that `DROPWISE_NATIVE_PATH` names (and no other then), a build in this package, the package
 * for this platform.
 *
 * @throws BackendUnavailableError that lists what was tried.
 */
export function loadAddon(): Addon {
  loaded ??= find(process.env.DROPWISE_NATIVE_PATH);
  return loaded;
}

/** What `loadAddon` does, without remembering. `override` is the path to use alone; `places` are files that this code may be in. */
export function find(override?: string, places: readonly string[] = ownPlaces()): Addon {
  const tried: string[] = [];
  const attempt = (label: string, locate: () => string): Addon | undefined => {
    try {
      return loadFile(locate());
    } catch (error) {
      tried.push(`${label}: ${((error as Error).message ?? String(error)).split("\n")[0]}`);
      return undefined;
    }
  };

  if (override !== undefined && override !== "") {
    const file = resolve(override);
    const addon = attempt(`DROPWISE_NATIVE_PATH (${file})`, () => file);
    if (addon !== undefined) return addon;
    const fix = "correct it or unset it; a relative path counts from the working directory; tried:";
    throw new BackendUnavailableError("native", `expected DROPWISE_NATIVE_PATH to name the addon - ${fix}`, tried);
  }
  for (const place of places.filter(isInThisPackage)) {
    const build = resolve(place, BUILD);
    const addon = attempt(`a build in this package (${build})`, () => build);
    if (addon !== undefined) return addon;
  }
  const platforms = platformNames();
  for (const place of places.flatMap(originsOf)) {
    for (const platform of platforms) {
      const name = `${packageName}-${platform}`;
      const addon = attempt(`the package ${name}, from ${place}`, () => resolveFrom(place, name));
      if (addon !== undefined) return addon;
    }
  }
  throw new BackendUnavailableError(
    "native",
    `expected a compiled addon for ${platforms.join(" or ")}, got none - install with optional dependencies (npm install without --omit=optional), ` +
      "or build it from a clone (npm run build), or let DROPWISE_NATIVE_PATH name the file dropwise.node, " +
      "or use @dropwise/backend-wasm, which runs everywhere; tried:",
    tried,
  );
}

// --- internal helpers ---

/** From a file in `dist` or `src`. */
const BUILD = "../../build/Release/dropwise.node";
const MANIFEST = "../../package.json";

/**
 * The file that this code is in. In a bundle that is the bundle, where the bundler knows: in CommonJS there may be no `import.meta.url`, in an ES module
 * there is no `__filename`, and some put the place in which they found this package in place of the former.
 */
function ownPlaces(): string[] {
  const places = new Set<string>();
  const url: string | undefined = import.meta.url;
  if (url?.startsWith("file:")) places.add(fileURLToPath(url));
  try {
    places.add(__filename);
  } catch {
    // Asking with typeof is no help: there are bundlers that answer it beforehand, and wrongly.
  }
  return [...places].filter(isAbsolute);
}

/** The file that `name` stands for where `place` is. Not by the named import: bundlers look for calls of that, and resolve them while bundling. */
function resolveFrom(place: string, name: string): string {
  return nodeModule.createRequire(place).resolve(name);
}

/** Whether a file is this package's own: what lies beside a bundle is another's. */
function isInThisPackage(place: string): boolean {
  try {
    return JSON.parse(readFileSync(resolve(place, MANIFEST), "utf8")).name === packageName;
  } catch {
    return false;
  }
}

/** The files from which the platform's package is looked for: where it depends on how packages were installed, only this package finds it, not a bundle. */
function originsOf(place: string): string[] {
  if (isInThisPackage(place)) return [place];
  try {
    return [place, resolveFrom(place, `${packageName}/package.json`)];
  } catch {
    return [place];
  }
}

/** Loads a file as an addon, and as nothing else: no JavaScript runs, whatever the file is called. */
function loadFile(file: string): Addon {
  if (!existsSync(file)) throw new Error("not there");
  const module = { exports: {} as Partial<Addon> };
  try {
    process.dlopen(module, toNamespacedPath(file));
  } catch (error) {
    throw new Error(`did not load: ${(error as Error).message.replace(`${file}: `, "")}`);
  }
  const { isas, open, version: found } = module.exports;
  if (!Array.isArray(isas) || typeof open !== "function") throw new Error("it is no Dropwise addon");
  if (found !== version) throw new Error(`it belongs to ${packageName} ${found ?? "of another version"}, not to ${version}`);
  return module.exports as Addon;
}
