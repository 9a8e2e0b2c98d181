/** Who started this process, by what it left in the environment. */

/** A launcher of MPI programs. */
export interface Launcher {
  /** As it is called in messages. */
  readonly name: string;
  /** The number of this process among those started together. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** The kinds of library whose processes it brings together, the likeliest first. */
  readonly kinds: readonly ("openmpi" | "mpich")[];
}

/** The launcher of a process with this environment; null where it was started by itself. */
export function launcherOf(env: Readonly<Record<string, string | undefined>>): Launcher | null {
  for (const { name, rank, size, kinds } of KNOWN) {
    const found = { name, kinds, rank: numberOf(env[rank]), size: numberOf(env[size]) };
    if (Number.isInteger(found.rank) && found.rank >= 0 && found.rank < found.size) return found;
  }
  return null;
}

/** Whether this machine has more of the processes than cores, as far as the launcher tells; where it does not, as if all were here. */
export function isCrowded(env: Readonly<Record<string, string | undefined>>, { size }: Launcher, cores: number): boolean {
  const here = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"].map((name) => numberOf(env[name])).find((count) => count >= 1);
  return (here ?? size) > cores;
}

/** Where a library of each kind may be found, by the names that the system's loader looks up. */
export function librariesOf(kinds: readonly ("openmpi" | "mpich")[], platform: string): string[] {
  return kinds.flatMap((kind) => (platform === "darwin" ? MAC : LINUX)[kind]);
}

// --- internal helpers ---

/**
 * Open MPI's mpirun; Hydra, which MPICH, Intel MPI and MVAPICH start with, and Cray's aprun and cray-pals; srun, for whichever library it was set up. A step's number of
 * tasks is srun's alone: a batch script that runs by itself has none.
 */
const KNOWN = [
  { name: "Open MPI's launcher", rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", kinds: ["openmpi"] },
  { name: "srun", rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS", kinds: ["openmpi", "mpich"] },
  { name: "MPICH's launcher", rank: "PMI_RANK", size: "PMI_SIZE", kinds: ["mpich"] },
] as const;

const LINUX = {
  openmpi: ["libmpi.so.40", "libmpi.so"],
  mpich: ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi_cray.so", "libmpich.so", "libmpi.so"],
};

const MAC = {
  openmpi: ["libmpi.40.dylib", "libmpi.dylib"],
  mpich: ["libmpich.12.dylib", "libmpi.12.dylib", "libmpi.dylib"],
};

function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
