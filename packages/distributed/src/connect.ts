import { availableParallelism } from "node:os";
import { optionsOf, wrongType, wrongValue } from "@dropwise/core/backend";
import { GroupError, MpiUnavailableError, PeerTimeoutError } from "./errors";
import type { Group } from "./group";
import { isCrowded, type Launcher, launcherOf, librariesOf } from "./launcher";
import { type AddonGroup, loadAddon } from "./load";
import { LoneGroup } from "./lone-group";
import { MpiGroup } from "./mpi-group";

/** Options of `connect`. */
export interface ConnectOptions {
  /** For how many seconds a call waits for the other processes, from when it begins. Default: 60. */
  readonly timeout?: number;
  /** For how many seconds it waits, while joining, for processes that were started with this one. Default: 8. */
  readonly joinTimeout?: number;
  /** The library of MPI, a path or a name that the system's loader finds. Default: the environment variable `DROPWISE_MPI`, else the launcher's kind. */
  readonly library?: string;
}

/**
 * Joins the processes that were started together, by `mpirun`, `mpiexec` or `srun`. A process that was started by itself gets a group of one, for which nothing need be
 * installed: the same program runs both ways. Mirrors
 * [torch.distributed.init_process_group](https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.init_process_group).
 *
 * MPI is whichever library is installed: Open MPI 4 or 5, MPICH 4, and those with MPICH's ABI (Intel MPI, MVAPICH, Cray MPICH). It is opened at run time. All its calls are
 * made by a thread of their own, which sleeps while it waits. A process joins once; asked again, it gives the same group, or looks again for a library where none was found.
 *
 * @param options Default: 8 seconds to join, 60 for each call, the library that belongs to the launcher.
 * @throws MpiUnavailableError where no library, or no addon for this platform, is found, and where the library does not work with the launcher: every process would be
 *   a group of its own. PeerTimeoutError where others do not come. GroupError where MPI fails. TypeError and RangeError for options.
 * @example
 * ```ts
 * const group = await connect();
 * const sum = await group.allReduce(new Float32Array([1, 2]));
 * console.log(group.rank, group.size, sum.join()); // 0 1 1,2
 * await group.close();
 * ```
 */
export async function connect(options?: ConnectOptions): Promise<Group> {
  const {
    timeout = 60,
    joinTimeout = 8,
    library = process.env.DROPWISE_MPI,
  } = optionsOf<ConnectOptions>(OP, options, { timeout: "any", joinTimeout: "any", library: "any" });
  for (const [name, seconds] of Object.entries({ timeout, joinTimeout })) {
    if (typeof seconds !== "number") throw wrongType(OP, `${name} to be a number of seconds`, seconds);
    if (!(seconds > 0 && seconds <= MOST_SECONDS)) throw wrongValue(OP, `${name} to be from 0 to ${MOST_SECONDS} seconds`, seconds);
  }
  if (library !== undefined && typeof library !== "string") throw wrongType(OP, "library to be a path", library);
  const launcher = launcherOf(process.env);
  joined ??=
    launcher === null || launcher.size === 1
      ? Promise.resolve(new LoneGroup())
      : join(launcher, open(launcher, library || undefined, timeout), timeout, joinTimeout);
  return joined;
}

// --- internal helpers ---

const OP = "connect";

/** A day. */
const MOST_SECONDS = 86_400;

/**
 * For UCX, which MPICH may be built on. It watches the process's memory by taking the place of `brk` and `munmap`, which is not safe beside V8's threads: one run in ten of eight processes ended with
 * a heap that had been cut short (MPICH 4.0.2 with UCX 1.13). And V8 needs SIGSEGV itself, for WebAssembly.
 */
const BESIDE_V8 = { UCX_MEM_EVENTS: "no", UCX_ERROR_SIGNALS: "SIGILL,SIGBUS,SIGFPE" };

let joined: Promise<Group> | undefined;

async function join(launcher: Launcher, addon: AddonGroup, seconds: number, joinSeconds: number): Promise<Group> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PeerTimeoutError(OP, joinSeconds)), joinSeconds * 1000);
  });
  try {
    const { outcome, fault } = await Promise.race([addon.initialize(), late]);
    if (outcome !== "done") throw new GroupError(OP, `expected MPI to begin, got "${fault}" - see what it wrote`);
  } finally {
    clearTimeout(timer);
  }
  if (addon.size !== launcher.size || addon.rank !== launcher.rank) throw await stranger(launcher, addon);
  return new MpiGroup(addon, seconds);
}

/** The library of another kind than the launcher: it knows nothing of the others. */
async function stranger(launcher: Launcher, addon: AddonGroup): Promise<Error> {
  const { rank, size, version } = addon;
  await addon.finalize();
  addon.end();
  return new MpiUnavailableError(
    `expected rank ${launcher.rank} of ${launcher.size}, as ${launcher.name} says, got rank ${rank} of ${size} from ${version} - start the program with the launcher of that library, ` +
      "or name the launcher's library in DROPWISE_MPI",
  );
}

/** The addon with the library. It throws before anything has begun, so that a process may try again. */
function open(launcher: Launcher, library: string | undefined, seconds: number): AddonGroup {
  const { Group } = loadAddon();
  for (const [name, value] of Object.entries(BESIDE_V8)) process.env[name] ??= value;
  const tried: string[] = [];
  for (const name of library === undefined ? librariesOf(launcher.kinds, process.platform) : [library]) {
    try {
      return new Group(name, Math.ceil(seconds * 1000), isCrowded(process.env, launcher, availableParallelism()));
    } catch (error) {
      tried.push((error as Error).message);
    }
  }
  throw new MpiUnavailableError(
    `expected a library of MPI, for ${launcher.name} has started ${launcher.size} processes, got none - install Open MPI or MPICH, or name the file in DROPWISE_MPI; tried:`,
    tried,
  );
}
