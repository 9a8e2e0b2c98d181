/**
 * Compiles the kernels with their C++ tests and runs them:
 *
 *     node scripts/native-test.mjs [--sanitize address,undefined] [--cross aarch64-linux-gnu-g++ --runner qemu-aarch64] [--rounds 100]
 *
 * `--cross` names another compiler, for a 64-bit ARM, and `--runner` what runs its programs.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    sanitize: { type: "string" },
    cross: { type: "string" },
    runner: { type: "string" },
    rounds: { type: "string", default: "100" },
  },
});
const folder = fileURLToPath(new URL("..", import.meta.url));
const compiler = values.cross ?? process.env.CXX ?? "g++";
const isArm = values.cross !== undefined || process.arch === "arm64";
const output = join(folder, "build", `test-${isArm ? "arm64" : "x64"}-${values.sanitize ?? "plain"}`);
mkdirSync(output, { recursive: true });

const common = [
  "-std=c++17",
  "-g",
  values.sanitize === undefined ? "-O2" : "-O1",
  "-ffp-contract=off",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-pthread",
];
const sanitize =
  values.sanitize === undefined ? [] : [`-fsanitize=${values.sanitize}`, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
const x86 = { sse2: [], avx2: ["-mavx2", "-mfma"], avx512: ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"] };
/** @type {Record<string, string[]>} */
const isas = { scalar: [], ...(isArm ? { neon: [] } : x86) };
/** @type {[file: string, flags: string[]][]} */
const sources = [
  ...["test/kernels.cc", "calls.cc", ...readdirSync(join(folder, "native/calls")).map((file) => `calls/${file}`), "cpu.cc", "pool.cc"].map(
    (file) => /** @type {[string, string[]]} */ ([file, []]),
  ),
  // The headers of gcc 12 use "undefined" vectors on purpose.
  ...Object.entries(isas).map(
    ([isa, flags]) => /** @type {[string, string[]]} */ ([`isa/${isa}.cc`, [...flags, "-Wno-uninitialized", "-Wno-maybe-uninitialized"]]),
  ),
];

const compiled = await Promise.all(
  sources.map(([file, flags]) => {
    const object = join(output, `${file.replace(/\W/g, "-")}.o`);
    const args = [...common, ...sanitize, ...flags, "-I../kernels/include", "-c", join("native", file), "-o", object];
    return new Promise((resolve) =>
      spawn(compiler, args, { cwd: folder, stdio: "inherit" }).on("close", (status) => resolve(status === 0 && object)),
    );
  }),
);
if (compiled.includes(false)) process.exit(1);
const program = join(output, "kernels");
const statically = values.cross === undefined ? [] : ["-static"];
run(compiler, [...common, ...sanitize, ...statically, ...compiled, "-o", program]);
run(values.runner ?? program, [...(values.runner === undefined ? [] : [program]), values.rounds]);

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status === 0) return;
  console.error(`native-test: ${command} ended with ${error?.message ?? signal ?? status}`);
  process.exit(1);
}
