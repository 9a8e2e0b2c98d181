import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createWasmBackend } from "@dropwise/backend-wasm";
import { getDefaultBackend, memory, setDefaultBackend } from "@dropwise/core";
import { expect, test } from "vitest";
import { train } from "./digits-cnn.mjs";
import { readDigits } from "./shared/digits.mjs";

test("digits-cnn learns the digits, says how its loss falls, and leaves no more behind the longer it runs", async () => {
  const before = getDefaultBackend();
  const backend = await createWasmBackend({ threads: 1 });
  setDefaultBackend(backend);
  try {
    const data = readDigits([1, 8, 8]);
    expect([data.train.length, data.test.length]).toEqual([1000, 797]);
    const losses: number[] = [];
    const left: number[] = [];
    const onEpoch = (_epoch: number, loss: number) => {
      losses.push(loss);
      left.push(memory(backend).tensors);
    };
    const share = await train(1, data, { epochs: 3, onEpoch });
    expect(share).toBeGreaterThan(0.8);
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0] as number);
    expect(left[2]).toBe(left[0]);
  } finally {
    setDefaultBackend(before);
    backend.dispose();
  }
});

test.each([[["--example"]], [["--example", "digits"]]])("npm start %o names the examples that there are", (args) => {
  const start = join(import.meta.dirname, "..", "scripts", "start.mjs");
  const { status, stderr } = spawnSync(process.execPath, [start, ...args], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("npm start: expected --example with one of digits-cnn");
});
