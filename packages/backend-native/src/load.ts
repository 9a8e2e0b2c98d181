/** The compiled addon: what it gives, and how it is found. */
import { BackendUnavailableError } from "@dropwise/core/backend";
import { type AddonSearch, findAddon } from "../../addon/src/load";
import { name as packageName, version } from "../package.json";

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

const SEARCH: AddonSearch<Addon> = {
  packageName,
  version,
  file: "dropwise.node",
  variable: "DROPWISE_NATIVE_PATH",
  isAddon: ({ isas, open }) => Array.isArray(isas) && typeof open === "function",
  own: [() => import.meta.url, () => __filename],
  otherwise: "use @dropwise/backend-wasm, which runs everywhere",
  unavailable: (detail, tried) => new BackendUnavailableError("native", detail, tried),
};

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
export function find(override?: string, places?: readonly string[]): Addon {
  return findAddon(SEARCH, override, places);
}
