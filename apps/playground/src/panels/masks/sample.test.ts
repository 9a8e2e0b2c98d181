import { Generator, manualSeed, nn, ones } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import type { MaskSettings } from "../../lab/masks";
import { sampleFor } from "./sample";

const SETTINGS: MaskSettings = { kind: "dropout", shape: [6, 8], noiseShape: [6, 1], p: 0.5, seed: 42n, call: 0n, input: "ones" };

/** Runs the program that is shown and returns its mask. */
function run(program: string): number[] {
  const body = program.replace(/^import .*$/m, "");
  return new Function("manualSeed", "nn", "ones", `${body}\nreturn [...mask.dataSync()];`)(manualSeed, nn, ones);
}

function maskOf(seed: bigint, call: bigint, noiseShape?: number[]): number[] {
  const state = new Uint8Array(new BigUint64Array([BigInt.asUintN(64, seed), 4n * call]).buffer);
  const layer = new nn.Dropout({ generator: new Generator(0).setState(state), ...(noiseShape && { noiseShape }) });
  layer.forward(ones([6, 8]));
  return [...(layer.lastMask()?.dataSync() ?? [])];
}

describe("the program that is shown", () => {
  test.each([
    [42n, 0n],
    [42n, 3n],
    [-7n, 5n],
    [2n ** 64n - 1n, 1n],
    [2n ** 64n - 1n, 2n ** 62n - 2n],
  ])("draws the mask of seed %s and call %s", (seed, call) => {
    expect(run(sampleFor({ ...SETTINGS, seed, call }).typescript)).toEqual(maskOf(seed, call));
  });

  test("shares a mask where the page does", () => {
    expect(run(sampleFor({ ...SETTINGS, kind: "shared" }).typescript)).toEqual(maskOf(42n, 0n, [6, 1]));
  });

  test("calls PyTorch's mask the same only where it is", () => {
    const isSame = (changes: Partial<MaskSettings>) => sampleFor({ ...SETTINGS, ...changes }).pytorch.includes("the same mask");
    expect(isSame({})).toBe(true);
    for (const changes of [{ shape: [7, 7] }, { shape: [1024, 1024] }, { kind: "alphaDropout" }, { kind: "shared" }] as const) {
      expect([changes, isSame(changes)]).toEqual([changes, false]);
    }
  });
});
