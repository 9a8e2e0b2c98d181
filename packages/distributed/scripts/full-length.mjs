/**
 * The long form of `test/mpi.test.ts`: every model on every backend, on 1, 2, 3, 4 and 8 processes, under each launcher that is installed, against one process without MPI.
 * Takes some minutes. Ends with status 1 where any two differ.
 *
 *     npm run test:mpi -w @dropwise/distributed
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MODELS = ["mlp", "cnn", "lstm", "transformer"];
const BACKENDS = ["native", "wasm", "cpu"];
const RANKS = [1, 2, 3, 4, 8];
const LAUNCHERS = ["mpirun.openmpi", "mpirun.mpich"].filter(
  (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0,
);

const program = fileURLToPath(new URL("../test/programs/train.mjs", import.meta.url));
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1", OMPI_MCA_rmaps_base_oversubscribe: "1" };

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
console.log(`${MODELS.length * BACKENDS.length * LAUNCHERS.length * RANKS.length} runs, ${differences} differ`);
process.exitCode = differences === 0 && LAUNCHERS.length > 0 ? 0 : 1;
