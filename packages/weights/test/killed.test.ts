/** A file on disk whose writer is killed: `DROPWISE_KILLS=200` for the long form, which takes about two minutes. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../src/index";

const TIMES = Number(process.env.DROPWISE_KILLS ?? 12);

const folder = mkdtempSync(join(tmpdir(), "dropwise-killed-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "run.safetensors");
const temporary = () => readdirSync(folder).filter((name) => name.endsWith(".tmp"));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a writer, kills it after some first checkpoints, and says how many it had told of, and whether it was writing one. */
async function killed(isToBeWriting: boolean): Promise<{ told: number; wasWriting: boolean }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "killed-writer.mjs"), path], { stdio: ["ignore", "pipe", "inherit"] });
  let told = 0;
  child.stdout.on("data", (dots: Buffer) => {
    told += dots.length;
  });
  const isGone = new Promise((resolve) => child.once("close", resolve));
  const its = () => temporary().some((name) => name.includes(`.${child.pid}-`));
  while (told === 0 && child.exitCode === null) await wait(1);
  await wait(Math.random() * 60);
  while (isToBeWriting && child.exitCode === null && !its()) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGKILL");
  await isGone;
  expect(child.signalCode).toBe("SIGKILL");
  return { told, wasWriting: its() };
}

/** The step of a checkpoint, all of which must be of that step. */
async function stepOf(file: string): Promise<number> {
  const { step, x } = await loadCheckpoint(file);
  expect((x as { data: Float32Array }).data.every((value) => value === step)).toBe(true);
  return step as number;
}

test("a file is the old or the new one, whole, whenever its writer is killed", { timeout: 600_000 }, async () => {
  const found = { writing: 0, old: 0, new: 0 };
  for (let i = 0; i < TIMES; i++) {
    for (const file of [path, `${path}.1`]) rmSync(file, { force: true });
    // At any moment, and every second time at one when it writes.
    const { told, wasWriting } = await killed(i % 2 === 0);
    const step = await stepOf(path);
    expect([told, told + 1]).toContain(step);
    // The one before it, which the new one makes way for, is whole or not there.
    if (existsSync(`${path}.1`)) expect([told - 1, told]).toContain(await stepOf(`${path}.1`));
    if (wasWriting) expect(step).toBe(told);
    found.writing += Number(wasWriting);
    found[step === told ? "old" : "new"]++;
  }
  console.info(
    `killed ${TIMES} times: ${found.writing} left a temporary file; the old one was there ${found.old} times, the new one ${found.new}`,
  );
  // That many were killed while they wrote is the point.
  expect(found.writing).toBeGreaterThanOrEqual(TIMES / 4);
  // What they left is gone with the next checkpoint.
  await saveCheckpoint(path, { step: 0 });
  expect(temporary()).toEqual([]);
});
