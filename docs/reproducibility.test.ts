import { describe, expect, test } from "vitest";
import { type Block, blocksOf } from "./testing/blocks.mjs";
import { runBlock } from "./testing/run-block";

/** The program that saves and resumes, up to where it runs. */
const block = blocksOf("docs/reproducibility.md").find(({ code }) => code.includes("function resume(")) as Block;
const program = block.code.slice(0, block.code.indexOf("const whole ="));

async function printed(code: string): Promise<string[]> {
  const { lines, errors, status } = await runBlock({ ...block, code: program + code });
  expect(status, errors).toBe(0);
  return lines;
}

describe("save and resume", () => {
  test("gives the weights of the whole run wherever it stops: at first, within a pass, between two, at the end", async () => {
    const stops = `
      const whole = start();
      train(whole, 12);
      for (let stop = 0; stop <= 12; stop++) {
        const run = start();
        train(run, stop);
        const resumed = resume(structuredClone(await save(run)));
        train(resumed, 12);
        console.log(stop, weights(resumed) === weights(whole));
      }`;
    expect(await printed(stops)).toEqual(Array.from({ length: 13 }, (_, stop) => `${stop} true`));
  });

  test.each(["model", "optimizer", "masks", "passState"])("needs %s: without it the weights are others", async (part) => {
    const without = `
      const whole = start();
      train(whole, 12);
      const run = start();
      const fresh = await save(run);
      train(run, 7);
      const resumed = resume({ ...(await save(run)), ${part}: fresh.${part} });
      train(resumed, 12);
      console.log(weights(resumed) === weights(whole));`;
    expect(await printed(without)).toEqual(["false"]);
  });
});
