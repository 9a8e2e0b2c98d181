/**
 * How far the vector functions of the kernels are from the exact values, in units in the last place. All 2^32 operands of a function take minutes:
 *
 *     node scripts/accuracy.mjs [--isa avx512] [--step 1] [--only exp]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { isa: { type: "string", default: "avx512" }, step: { type: "string", default: "1" }, only: { type: "string", default: "" } },
});
/** @type {Record<string, [lanes: string, flags: string[]]>} */
const ISAS = {
  scalar: ["Scalar", []],
  sse2: ["Sse2", []],
  avx2: ["Avx2", ["-mavx2", "-mfma"]],
  avx512: ["Avx512", ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]],
  neon: ["Neon", []],
};
const isa = ISAS[values.isa];
if (isa === undefined) throw new Error(`accuracy: expected --isa to be one of ${Object.keys(ISAS).join(", ")}, got ${values.isa}`);
const [lanes, flags] = isa;
const folder = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(join(folder, "build"), { recursive: true });
const program = join(folder, "build", `accuracy-${values.isa}`);
const defines = [`-DDROPWISE_ISA=${values.isa}`, `-DDROPWISE_LANES=${lanes}`];
const options = ["-std=c++17", "-O3", "-ffp-contract=off", "-w", "-pthread", ...flags, ...defines, "-I../kernels/include"];
run(process.env.CXX ?? "g++", [...options, "native/test/accuracy.cc", "-o", program]);
run(program, [values.step, values.only]);

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status === 0) return;
  console.error(`accuracy: ${command} ended with ${error?.message ?? status}`);
  process.exit(1);
}
