/** The compiled addon: what it gives, and how it is found. */
import { type AddonSearch, findAddon } from "../../addon/src/load";
import { name as packageName, version } from "../package.json";
import { MpiUnavailableError } from "./errors";
import type { GroupArray } from "./group";

/** How a call of the addon ended: "late" after the time that a group waits, "failed" with what MPI said, "stopped" where the process is ending, "unlike" where ranks made other calls than this one, with which. */
export interface Ended {
  readonly outcome: "done" | "late" | "failed" | "stopped" | "unlike";
  readonly fault: string;
}

/** One rank of a group, as the addon has it; see `native/addon.cc`. Calls run one after the other on a thread; memory stays as it is until they end. */
export interface AddonGroup {
  /** Begins MPI; the others are called after it. */
  initialize(): Promise<Ended>;
  finalize(): Promise<Ended>;
  /** Waits here for MPI's end, for a time in milliseconds at most; whether it came. */
  finalizeNow(timeout: number): boolean;
  /** Ends the thread. */
  end(): void;
  barrier(): Promise<Ended>;
  /** In place; 0 is the sum, 1 the maximum, 2 the minimum. */
  allReduce(array: GroupArray, reduction: number): Promise<Ended>;
  broadcast(array: GroupArray, root: number): Promise<Ended>;
  /** In place: the parts of all ranks, one after the other, of the lengths given. */
  allGather(array: GroupArray, lengths: Int32Array): Promise<Ended>;
  /** `nodes`: for each rank how many it has, and their levels and indices; see `native/ordered-sum.hpp`. */
  orderedSum<T extends Float32Array | Float64Array>(parts: readonly T[], result: T, nodes: Int32Array): Promise<Ended>;
  readonly rank: number;
  readonly size: number;
  /** Of the library. */
  readonly version: string;
}

/** The addon's exports. */
export interface Addon {
  /** The version of this package that it was built from. */
  readonly version: string;
  /** Throws where the library cannot be opened, or is none of MPI. `timeout`, in milliseconds, is that of each call; `isCrowded` says that this machine has more ranks than cores. */
  readonly Group: new (
    library: string,
    timeout: number,
    isCrowded: boolean,
  ) => AddonGroup;
}

const SEARCH: AddonSearch<Addon> = {
  packageName,
  version,
  file: "distributed.node",
  variable: "DROPWISE_DISTRIBUTED_PATH",
  isAddon: ({ Group }) => typeof Group === "function",
  own: [() => import.meta.url, () => __filename],
  unavailable: (detail, tried) => new MpiUnavailableError(detail, tried),
};

let loaded: Addon | undefined;

/**
 * The addon, from the first of these that there is: the file that `DROPWISE_DISTRIBUTED_PATH` names (and no other then), a build in this package, the package
 * for this platform.
 *
 * @throws MpiUnavailableError that lists what was tried.
 */
export function loadAddon(): Addon {
  loaded ??= find(process.env.DROPWISE_DISTRIBUTED_PATH);
  return loaded;
}

/** What `loadAddon` does, without remembering. `override` is the path to use alone; `places` are files that this code may be in. */
export function find(override?: string, places?: readonly string[]): Addon {
  return findAddon(SEARCH, override, places);
}
