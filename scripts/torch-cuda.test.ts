import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const program = fileURLToPath(new URL("torch-cuda.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dropwise-torch-cuda-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the comparison with `python` in the place of Python. */
function compareWith(python: string, ...args: string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: "utf8", env: { ...process.env, PYTHON: python } });
}

/** A program that answers as answers.py does, with what `answer` makes of the questions. */
function standIn(name: string, answer: string): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `#!${process.execPath}\nconst questions = JSON.parse(require("node:fs").readFileSync(0, "utf8"));\nconst answer = ${answer};\n` +
      `console.log(JSON.stringify({ torch: "0", gpu: "none", onePass: 2048, ...answer(questions) }));\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

/** Right for no mask, and for no loss. */
const WRONG = `({ masks, training }) => ({
  masks: masks.map(({ n, calls }) => (n > 2048 ? null : { outputs: Array(calls).fill("0"), gradients: Array(calls).fill("0") })),
  training: training.map(({ steps }) => ({ losses: Array(steps).fill(0) })),
})`;

/** No mask that could be compared, and losses that are none. */
const LONG = `({ masks, training }) => ({ masks: masks.map(() => null), training: training.map(({ steps }) => ({ losses: Array(steps).fill(0.5) })) })`;

test("says what is missing where no Python starts, and where it has no torch", () => {
  const none = compareWith(join(folder, "no-such-python"), "--backend", "cpu");
  expect(none.status).toBe(2);
  expect(none.stderr).toMatch(/^torch-cuda: .*no-such-python does not start .* - set PYTHON to one with a CUDA build of torch\n$/);

  const file = standIn("without-torch", `() => { console.error("No module named 'torch'"); process.exit(1); }`);
  const without = compareWith(file, "--backend", "cpu");
  expect(without.status).toBe(2);
  expect(without.stderr).toContain("gave no answers - it needs a CUDA build of torch and an NVIDIA GPU:\nNo module named 'torch'");
});

test("refuses the name of a backend that is none", () => {
  const { status, stderr } = compareWith("python3", "--backend", "cpu,gpu");
  expect(status).toBe(2);
  expect(stderr).toBe("torch-cuda: expected --backend to be some of cpu, wasm, native, webgpu, got gpu\n");
});

test.skipIf(process.platform === "win32")("fails a backend whose masks or losses differ from the answers", () => {
  const { status, stdout } = compareWith(standIn("wrong", WRONG), "--backend", "cpu");
  expect(status).toBe(1);
  expect(stdout).toMatch(/FAILED .* cpu: .*\n +seed 0, p 1e-10, 1024 elements, call 0: another output than PyTorch's\n/);
  expect(stdout).toMatch(/^0 passed, 1 failed$/m);

  const losses = compareWith(standIn("long", LONG), "--backend", "cpu");
  expect(losses.status).toBe(1);
  expect(losses.stdout).toMatch(/10-20-2, step 0: loss [\d.]+, PyTorch has 0.5\n/);
});
