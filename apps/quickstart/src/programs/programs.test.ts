import { manualSeed } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { twoMoonsSource } from "../data/two-moons";
import { accuracy, answersTwice, predict } from "./evaluate";
import { PROGRAMS, type Program, trainProgram } from "./programs";

const { train, test } = twoMoonsSource().split(1n, { train: 256, test: 200 });
const options = { seed: 1n, epochs: 8 };
const [first, second] = PROGRAMS as readonly [Program, Program, Program];

describe.each(PROGRAMS)("program $name", (program) => {
  it("learns: the loss falls and test rows are told apart", async () => {
    const { model, losses } = await trainProgram(program, train, options);
    expect(losses).toHaveLength(8);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 0.02);
    expect(await accuracy(model, test)).toBeGreaterThan(0.7);
  });

  it("ends in eval mode, where equal rows get equal answers", async () => {
    const { model } = await trainProgram(program, train, { ...options, epochs: 1 });
    expect(model.training).toBe(false);
    expect(await predict(model, test)).toEqual(await predict(model, test));
  });

  it("repeats with the seed to the last bit, and changes with it", async () => {
    const losses = async (seed: bigint) => (await trainProgram(program, train, { seed, epochs: 2 })).losses;
    expect(await losses(5n)).toEqual(await losses(5n));
    expect(await losses(5n)).not.toEqual(await losses(6n));
  });
});

describe("the programs side by side", () => {
  it("module and function draw the same masks, so they have the same losses", async () => {
    expect((await trainProgram(first, train, options)).losses).toEqual((await trainProgram(second, train, options)).losses);
  });

  it("conditional dropout draws no mask while it warms up", async () => {
    const calls: bigint[] = [];
    // Three epochs, the first of which is the warm-up; the generator is seeded by trainProgram, so its call number counts from there.
    const generator = manualSeed(0);
    await trainProgram(PROGRAMS[2] as Program, train, { seed: 0n, epochs: 3, onEpoch: () => calls.push(generator.call) });
    expect(calls).toEqual([0n, 4n, 8n]);
  });

  it("answers differ between passes in training mode and agree in eval mode", async () => {
    const { model } = await trainProgram(first, train, options);
    const twice = await answersTwice(model, test);
    expect(twice.train[0]).not.toBe(twice.train[1]);
    expect(twice.eval[0]).toBe(twice.eval[1]);
    expect(model.training).toBe(false);
  });
});
