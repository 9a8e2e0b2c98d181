/**
 * What training on several processes costs and brings, as ratios within one run.
 *
 *     npm run bench -w @dropwise/distributed
 *     TORCH_PYTHON=/path/to/python npm run bench -w @dropwise/distributed     beside PyTorch's DistributedDataParallel, where that Python has torch
 *
 * Every line is measured three times, turn by turn, and the median stands. The C program for the all-reduce is compiled with the library's own mpicc, where that is there with its headers.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled, WILLING } from "../test/launchers.mjs";

const ROUNDS = 3;
const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const env = {
  ...process.env,
  ...WILLING,
  OMP_NUM_THREADS: "1",
};
const scratch = mkdtempSync(join(tmpdir(), "dropwise-bench-"));

/** The last line that a program prints. @param {string} command @param {string[]} args */
function printed(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: status ${status}: ${stderr}`);
  return stdout.trim().split("\n").at(-1) ?? "";
}

/** @param {() => number} measure */
const several = (measure) => Array.from({ length: ROUNDS }, measure).sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;

/** @param {string} what @param {number} ms @param {string} [ratio] */
const say = (what, ms, ratio = "") => console.log(`${what.padEnd(52)} ${ms.toFixed(1).padStart(8)} ms   ${ratio}`);

try {
  const rounds = Array.from({ length: ROUNDS }, () => JSON.parse(printed(process.execPath, [here("step.mjs")])));
  let round = 0;
  const plain = several(() => rounds[round++ % ROUNDS].plain);
  const alone = several(() => rounds[round++ % ROUNDS].parallel);
  say("a step of the plain loop, one thread", plain);
  say("a group of one", alone, `${(plain / alone).toFixed(2)} x the plain loop`);
  /** @type {number[]} */
  const pairs = [];
  for (const launcher of ["mpirun.openmpi", "mpirun.mpich"].filter(isInstalled)) {
    const two = several(() => JSON.parse(printed(launcher, ["-n", "2", process.execPath, here("step.mjs")])).parallel);
    pairs.push(two);
    say(`two processes, ${launcher}`, two, `${(plain / two).toFixed(2)} x the plain loop`);
  }
  const python = process.env.TORCH_PYTHON;
  if (python !== undefined) {
    const ddp = several(() => Number(printed(python, ["-m", "torch.distributed.run", "--nproc-per-node=2", here("ddp.py")])));
    say("two processes, PyTorch's DDP with Gloo", ddp, `ours is ${(ddp / Math.min(...pairs)).toFixed(2)} x as fast`);
  }
  for (const kind of ["openmpi", "mpich"].filter((name) => isInstalled(`mpirun.${name}`))) {
    const own = several(() => Number(printed(`mpirun.${kind}`, ["-n", "2", process.execPath, here("all-reduce.mjs")])));
    let ratio = "";
    const program = join(scratch, kind);
    // Without the library's headers there is no such program.
    if (spawnSync(`mpicc.${kind}`, ["-O2", here("all-reduce.c"), "-o", program], { stdio: "ignore" }).status === 0) {
      const plainC = several(() => Number(printed(`mpirun.${kind}`, ["-n", "2", program])));
      ratio = `${(plainC / own).toFixed(2)} x a C program (${plainC.toFixed(1)} ms)`;
    }
    say(`all-reduce of 64 MiB, two processes, ${kind}`, own, ratio);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
