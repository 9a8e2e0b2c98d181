import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("../scripts/native-test.mjs", import.meta.url));

/** Runs the C++ tests in a build of their own; the exit status, and what they printed. */
function runNativeTest(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Whether the compiler brings the run-time library that a sanitizer needs. gcc answers with a bare name when it has none. */
function hasLibrary(compiler: string, file: string): boolean {
  const { status, stdout } = spawnSync(compiler, [`-print-file-name=${file}`], { encoding: "utf8" });
  const path = (stdout ?? "").trim();
  return status === 0 && isAbsolute(path) && existsSync(path);
}

const compiler = process.env.CXX ?? "g++";
const symbolLister = process.env.NM ?? "nm";
const isThere = (command: string) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

describe("the kernels, without JavaScript", () => {
  test.skipIf(!hasLibrary(compiler, "libasan.so") || !hasLibrary(compiler, "libubsan.so"))(
    "agree on every instruction set, and touch nothing outside their memory, whatever the argument block says",
    () => {
      const { status, output } = runNativeTest("--sanitize", "address,undefined", "--rounds", "6");
      expect(output).toMatch(/scalar: done\n\d+ checks, 0 failures/);
      expect(status).toBe(0);
    },
    600_000,
  );

  test.skipIf(!hasLibrary(compiler, "libtsan.so"))(
    "race for nothing but chunks",
    ({ skip }) => {
      const { status, output } = runNativeTest("--sanitize", "thread", "--rounds", "3");
      // Older ones cannot start where the kernel spreads addresses more widely than they know.
      if (output.includes("unexpected memory mapping")) skip("this thread sanitizer does not start on this kernel");
      expect(output).toMatch(/scalar: done\n\d+ checks, 0 failures/);
      expect(status).toBe(0);
    },
    600_000,
  );

  test.skipIf(process.arch === "arm64" || !isThere("aarch64-linux-gnu-g++") || !isThere("qemu-aarch64"))(
    "agree on NEON, on an emulated processor",
    () => {
      const { status, output } = runNativeTest("--cross", "aarch64-linux-gnu-g++", "--runner", "qemu-aarch64", "--rounds", "5");
      expect(output).toMatch(/neon: done\nscalar: done\n\d+ checks, 0 failures/);
      expect(status).toBe(0);
    },
    600_000,
  );

  test.skipIf(process.arch !== "x64" || !isThere(compiler) || !isThere(symbolLister))(
    "share no function between instruction sets, so that the linker cannot put AVX-512 into what every processor runs",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "native-symbols-"));
      const native = fileURLToPath(new URL("../native/isa", import.meta.url));
      const headers = fileURLToPath(new URL("../../kernels/include", import.meta.url));
      const object = join(folder, "avx512.o");
      const flags = ["-std=c++17", "-O1", "-w", "-ffp-contract=off", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"];
      expect(spawnSync(compiler, [...flags, `-I${headers}`, "-c", join(native, "avx512.cc"), "-o", object]).status).toBe(0);
      const { stdout } = spawnSync(symbolLister, ["-gC", "--defined-only", object], { encoding: "utf8" });
      rmSync(folder, { recursive: true });
      const symbols = stdout.trim().split("\n");
      expect(symbols.length).toBeGreaterThan(5);
      expect(symbols.filter((symbol) => !/dropwise::(avx512::|kAvx512Kernels)/.test(symbol))).toEqual([]);
    },
  );
});
