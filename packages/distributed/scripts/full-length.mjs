/**
 * The long form of `test/mpi.test.ts`: every model on every backend, on 1, 2, 3, 4 and 8 processes, under each launcher that is installed, against one process without MPI.
 * As root, on Linux, also a disk that is full when the second checkpoint is saved: the run ends with an error, and goes on from the first one to the bits of an undisturbed run.
 * Takes some minutes. Ends with status 1 where any two differ.
 *
 *     npm run test:mpi -w @dropwise/distributed
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled, WILLING } from "../test/launchers.mjs";

const MODELS = ["mlp", "cnn", "lstm", "transformer"];
const BACKENDS = ["native", "wasm", "cpu"];
const RANKS = [1, 2, 3, 4, 8];
const LAUNCHERS = ["mpirun.openmpi", "mpirun.mpich"].filter(isInstalled);

const program = fileURLToPath(new URL("../test/programs/train.mjs", import.meta.url));
const env = { ...process.env, ...WILLING };

/** The line that a run prints. @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  return status === 0 ? stdout.trim() : `status ${status}: ${stderr.trim().split("\n")[0]}`;
}

if (LAUNCHERS.length === 0) console.log("neither mpirun.openmpi nor mpirun.mpich is installed");
let differences = 0;
for (const model of MODELS) {
  for (const backend of BACKENDS) {
    const alone = run(process.execPath, [program, model, backend]);
    if (!/[0-9a-f]{64}$/.test(alone)) differences++;
    console.log(`${model} on ${backend}: ${alone}`);
    for (const launcher of LAUNCHERS) {
      for (const ranks of RANKS) {
        const line = run(launcher, ["-n", String(ranks), process.execPath, program, model, backend]);
        if (line === alone) continue;
        differences++;
        console.log(`  ${launcher} -n ${ranks}: ${line}`);
      }
    }
  }
}
if (process.getuid?.() === 0 && process.platform === "linux") for (const launcher of LAUNCHERS) differences += diskFull(launcher);
console.log(`${MODELS.length * BACKENDS.length * LAUNCHERS.length * RANKS.length} runs, ${differences} differ`);
process.exitCode = differences === 0 && LAUNCHERS.length > 0 ? 0 : 1;

/** How many things are not as they should be. @param {string} launcher */
function diskFull(launcher) {
  const resume = fileURLToPath(new URL("../test/programs/resume.mjs", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "dropwise-full-"));
  const disk = join(folder, "disk");
  mkdirSync(disk);
  // Room for one checkpoint of 6 kB, and not for the next beside it.
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=12k", "tmpfs", disk]).status !== 0) return 0;
  try {
    const whole = run(process.execPath, [resume, join(folder, "whole"), "20"]);
    const stopped = run(launcher, ["-n", "2", process.execPath, resume, join(disk, "run"), "20"]);
    const left = readdirSync(disk).join();
    copyFileSync(join(disk, "run"), join(folder, "run"));
    const resumed = run(launcher, ["-n", "3", process.execPath, resume, join(folder, "run"), "20"]);
    const holds = stopped.startsWith("status") && left === "run" && resumed === whole;
    console.log(`${launcher}, a full disk: ${holds ? "as it should be" : `${stopped}; left ${left}; ${resumed}, not ${whole}`}`);
    return holds ? 0 : 1;
  } finally {
    spawnSync("umount", [disk]);
    rmSync(folder, { recursive: true });
  }
}
