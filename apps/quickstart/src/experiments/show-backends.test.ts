import { cpu } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import type { BackendEntry } from "../backends";
import { twoMoonsSource } from "../data/two-moons";
import { createScreen } from "../terminal/screen";
import { showBackends } from "./show-backends";

/** What is shown for these backends. */
async function shown(entries: readonly BackendEntry[], epochs: number): Promise<string> {
  const out: string[] = [];
  const output = { write: (text: string) => out.push(text) };
  const { train } = twoMoonsSource().split(1n, { train: 64, test: 1 });
  await showBackends(entries, train, { seed: 1n, epochs, screen: createScreen({ stdout: output, stderr: output }, { quiet: false }) });
  return out.join("");
}

const gpu = { ...cpu, name: "webgpu", info: { ...cpu.info, device: "a graphics card with a long name", threads: 1 } };
const wasm = { ...cpu, name: "wasm", info: { ...cpu.info, device: "simd128", threads: 64 } };

describe("the table of backends", () => {
  it("fits 80 columns, says what runs where, and why a backend is left out", async () => {
    const text = await shown(
      [
        { name: "cpu", backend: cpu },
        { name: "wasm", backend: wasm },
        { name: "webgpu", backend: gpu },
        { name: "native", backend: null, reason: `not built, ${"for a long reason, ".repeat(10)}that is` },
      ],
      100,
    );
    const lines = text.split("\n");
    expect(lines.filter((line) => line.length > 79)).toEqual([]);
    expect(text).toMatch(/\n {2}wasm +simd128 x64 .* 0e\+0 +100\/100 +same +[\d,]+\n/);
    expect(text).toMatch(/\n {2}webgpu +a graphics ca… /);
    expect(text).toContain("\n  webgpu   runs on a graphics card with a long name\n");
    expect(text).toContain("\n  native   left out: not built, for a long reason,");
    expect(text.replace(/\s+/g, " ")).toContain("> The losses of all 100 epochs are the same to within 0.001 of their size.");
  });

  it("compares nothing where there is one", async () => {
    const text = await shown([{ name: "cpu", backend: cpu }], 1);
    expect(text).toMatch(/\n {2}cpu +javascript /);
    expect(text.match(/> /g)).toHaveLength(1);
    expect(text.replace(/\s+/g, " ")).toMatch(/The loader takes \d+% \(cpu\) of the time/);
  });
});
