import { createWasmBackend } from "@dropwise/backend-wasm";
import { type Backend, cpu, setDefaultBackend } from "@dropwise/core";
import { afterEach, describe, expect, test } from "vitest";
import { inMemory, loadCheckpoint, saveCheckpoint } from "../src";
import { start, train, weights } from "./run";

/** Those that this machine may have: the native one is built where there is a compiler, and WebGPU has a GPU in software where there is Chromium. */
const BACKENDS: readonly (readonly [string, () => Backend | Promise<Backend>])[] = [
  ["wasm", () => createWasmBackend({ threads: 1 })],
  ["webgpu", async () => (await import("@dropwise/backend-webgpu")).createWebGPUBackend()],
  ["native", async () => (await import("@dropwise/backend-native")).createNativeBackend()],
];

afterEach(() => setDefaultBackend(cpu));

/** A backend, or null where there is none and `DROPWISE_REQUIRE` (a comma list) does not name it. */
async function made(name: string, make: () => Backend | Promise<Backend>): Promise<Backend | null> {
  try {
    return await make();
  } catch (error) {
    if ((process.env.DROPWISE_REQUIRE ?? "").split(",").includes(name)) throw error;
    const { name: kind, message } = error as Error;
    if (kind === "BackendUnavailableError" || /Cannot find (module|package)|Failed to resolve/.test(message)) return null;
    throw error;
  }
}

describe.each(BACKENDS)("a run on %s", (name, make) => {
  test("goes on exactly from a checkpoint, in the middle of a pass, and on the reference as near as sums are", async ({ skip }) => {
    const backend = await made(name, make);
    if (backend === null) return skip();
    const kept = inMemory();
    const whole = start(1, backend);
    let soon: Awaited<ReturnType<typeof weights>> = [];
    await train(whole, 0, 100, true, async (step) => {
      if (step === 37) await saveCheckpoint(kept, { ...whole, step });
      if (step === 42) soon = await weights(whole);
    });
    const expected = await weights(whole);

    const other = start(2, backend);
    const { step } = await loadCheckpoint(kept, other);
    await train(other, Number(step), 100, true);
    expect(await weights(other)).toEqual(expected);

    const elsewhere = start(3, cpu);
    await loadCheckpoint(kept, elsewhere);
    await train(elsewhere, Number(step), 42, true);
    for (const [i, [weight, ...values]] of (await weights(elsewhere)).entries()) {
      values.forEach((value, k) => {
        expect(Math.abs(value - (soon[i]?.[k + 1] as number)), weight).toBeLessThan(1e-4);
      });
    }
    backend.dispose?.();
  });
});
