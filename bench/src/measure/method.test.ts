import { describe, expect, it } from "vitest";
import { type Effort, type Entry, measureGroup } from "./method";

const effort: Effort = { minRounds: 4, maxRounds: 4, budget: 0, turn: 1, warmup: 0 };

/** A clock that only the entries move, and a log of what they did once the rounds began. */
function stage() {
  let now = 0;
  const log: string[] = [];
  let counting = false;
  /** `cost(round)` milliseconds a call; a copy costs `copy`. */
  const entry = (competitor: string, cost: (round: number) => number, copy = 1): Entry => {
    let current = 0;
    return {
      competitor,
      prepare(round) {
        current = round;
        if (round > 0) counting = true;
        now += 1000; // must not be counted
        if (counting) log.push(`${competitor} prepares ${round}`);
      },
      run(calls) {
        now += cost(current) * calls;
        if (counting) log.push(`${competitor} runs`);
      },
      copy(calls) {
        now += copy * calls;
        if (counting) log.push(`${competitor} copies`);
      },
      dispose: () => void log.push(`${competitor} is disposed`),
    };
  };
  return { entry, log, clock: () => now };
}

describe("measureGroup", () => {
  it("takes turns, with inputs and a copy before each, and another entry first in each round", async () => {
    const { entry, log, clock } = stage();
    await measureGroup([entry("a", () => 2), entry("b", () => 2)], { ...effort, minRounds: 2, maxRounds: 2 }, undefined, clock);
    const turn = (name: string, round: number) => [`${name} prepares ${round}`, `${name} copies`, `${name} runs`];
    expect(log).toEqual([...turn("b", 1), ...turn("a", 1), ...turn("a", 2), ...turn("b", 2), "a is disposed", "b is disposed"]);
  });

  it("tells nanoseconds per call and the ratio to the copy of the same round", async () => {
    const { entry, clock } = stage();
    const { measured } = await measureGroup([entry("a", (round) => (round === 0 ? 4 : round), 2)], effort, undefined, clock);
    expect(measured).toHaveLength(1);
    expect(measured[0]).toMatchObject({ competitor: "a", rounds: 4, min: 1e6, median: 2.5e6, copy: 2e6, ratio: 1.25 });
  });

  it("makes as many calls as fill a turn", async () => {
    const { entry, clock } = stage();
    const { measured } = await measureGroup([entry("fast", () => 0.01), entry("slow", () => 30)], effort, undefined, clock);
    expect(measured.map(({ calls }) => calls)).toEqual([expect.any(Number), 1]);
    expect(measured[0]?.calls).toBeGreaterThanOrEqual(100);
    expect(measured[0]?.calls).toBeLessThan(300);
    expect(measured[0]?.median).toBeCloseTo(1e4, 3);
  });

  it("marks a wide spread and only that", async () => {
    const { entry, clock } = stage();
    const { measured } = await measureGroup([entry("calm", () => 2), entry("wild", (round) => 1 + round)], effort, undefined, clock);
    expect(measured.map(({ competitor, wide }) => [competitor, wide])).toEqual([
      ["calm", false],
      ["wild", true],
    ]);
  });

  it("goes on without an entry that throws, and disposes it too", async () => {
    const { entry, log, clock } = stage();
    const failing: Entry = {
      ...entry("bad", () => 1),
      run: () => Promise.reject(new Error("no memory\nmore")),
    };
    const { measured, refused } = await measureGroup([failing, entry("good", () => 1)], effort, undefined, clock);
    expect(measured.map(({ competitor }) => competitor)).toEqual(["good"]);
    expect(refused).toEqual([{ competitor: "bad", reason: "no memory" }]);
    expect(log).toContain("bad is disposed");
  });

  it("leaves out an entry whose calls take seconds, but not one whose first call alone does", async () => {
    const { entry, clock } = stage();
    let calls = 0;
    const compiles = entry("compiles", () => (calls++ === 0 ? 20_000 : 2));
    let tries = 0;
    const longest = entry("longest", () => (tries++ === 0 ? 31_000 : 2));
    const { measured, refused } = await measureGroup([entry("long", () => 6400), longest, compiles], effort, undefined, clock);
    expect(refused).toEqual([
      { competitor: "long", reason: "a call takes 6 s" },
      { competitor: "longest", reason: "a call takes 31 s" },
    ]);
    expect(measured.map(({ competitor, median }) => [competitor, median])).toEqual([["compiles", 2e6]]);
  });

  it("goes on until the budget is used up, within the bounds on rounds, and tells how far it is", async () => {
    const { entry, clock } = stage();
    const shares: number[] = [];
    const limits: Effort = { minRounds: 2, maxRounds: 100, budget: 5000, turn: 1, warmup: 0 };
    const { measured } = await measureGroup([entry("a", () => 1)], limits, (share) => shares.push(share), clock);
    // A round moves this clock by 1002 ms: preparing, copying, running.
    expect(measured[0]?.rounds).toBe(5);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it("waits for entries that return a promise", async () => {
    const { entry, clock } = stage();
    const base = entry("a", () => 3);
    const slow: Entry = { ...base, run: async (calls) => void (await Promise.resolve(base.run(calls))) };
    const { measured } = await measureGroup([slow], effort, undefined, clock);
    expect(measured[0]?.median).toBe(3e6);
  });

  it("measures nothing when there are no entries", async () => {
    expect(await measureGroup([], effort)).toEqual({ measured: [], refused: [] });
  });
});
