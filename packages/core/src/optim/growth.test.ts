import { afterEach, describe, expect, test, vi } from "vitest";
import { Growth } from "./growth";

/** Windows of 100 steps, a second each; `live` gives the live tensors of a step. Returns how often it warned. */
function run(label: string, windows: number, live: (step: number) => number): number {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const growth = new Growth();
  for (let step = 0; step < windows * 100; step++) {
    now += 10;
    growth.step({ liveTensors: live(step), label });
  }
  return warn.mock.calls.filter(([text]) => String(text).includes(label)).length;
}

describe("a training loop", () => {
  afterEach(() => vi.restoreAllMocks());

  test("that keeps a tensor of each step is told once, with the way out", () => {
    expect(run("kept", 50, (step) => step)).toBe(1);
  });

  test("whose message names tidy and the backend", () => {
    const warn = vi.spyOn(console, "warn");
    run("named", 50, (step) => 2 * step);
    expect(warn.mock.calls.flat().join()).toContain("on named - wrap the step in tidy(() => { ... })");
  });

  test("whose tensors the garbage collector takes now and then is not", () => {
    expect(run("forgotten", 50, (step) => (step * 40) % 3900)).toBe(0);
  });

  test("that makes the same in each step is not, nor one that grows for a while and then stays", () => {
    expect(run("steady", 50, () => 40)).toBe(0);
    expect(run("grown", 50, (step) => Math.min(step, 350))).toBe(0);
  });
});
