/** Starts programs under real launchers of MPI. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { WILLING } from "./launchers.mjs";

/** A launcher that may be installed. */
export interface Launch {
  readonly name: string;
  readonly command: string;
  /** The other one's library. */
  readonly strangers: string;
}

export const LAUNCHERS: readonly Launch[] = [
  { name: "Open MPI", command: "mpirun.openmpi", strangers: "libmpich.so.12" },
  { name: "MPICH", command: "mpirun.mpich", strangers: "libmpi.so.40" },
];

/** How a run ended. */
export interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly seconds: number;
  /** The processes of it that are still there. */
  readonly left: number;
}

const folder = fileURLToPath(new URL("programs/", import.meta.url));

/** Runs a program of `test/programs`, or one by its path. */
export async function launch(
  { command }: Launch,
  ranks: number,
  program: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ran> {
  const file = program.includes("/") ? program : `${folder}${program}`;
  return run(command, ["-n", String(ranks), process.execPath, file, ...args], env);
}

/** The same without a launcher. */
export function alone(program: string, args: readonly string[] = []): Promise<Ran> {
  return run(process.execPath, [program.includes("/") ? program : `${folder}${program}`, ...args], {});
}

// --- internal helpers ---

async function run(command: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const mark = `dropwise-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const started = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...WILLING, ...env, DROPWISE_TEST_MARK: mark, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  const status = await new Promise<number | null>((resolve) => child.on("close", (code, signal) => resolve(signal === null ? code : null)));
  const seconds = (performance.now() - started) / 1000;
  return { status, output, seconds, left: countMarked(mark) };
}

/** Processes that have a mark in their environment. */
function countMarked(mark: string): number {
  const { stdout } = spawnSync("sh", ["-c", `grep -lsz "DROPWISE_TEST_MARK=${mark}" /proc/[0-9]*/environ | wc -l`], { encoding: "utf8" });
  return Number(stdout.trim());
}
