import { describe, expect, test } from "vitest";
import { type Block, blocksOf } from "./testing/blocks.mjs";
import { runBlock } from "./testing/run-block";

/** The program that saves and resumes, up to where it runs. */
const block = blocksOf("docs/reproducibility.md").find(({ code }) => code.includes("await saveCheckpoint(file")) as Block;
const program = block.code.slice(0, block.code.indexOf("const whole ="));

async function printed(code: string): Promise<string[]> {
  const { lines, errors, status } = await runBlock({ ...block, code });
  expect(status, errors).toBe(0);
  return lines;
}

describe("save and resume", () => {
  test.each([1, 5, 8, 12])("gives the weights of the whole run when it stops behind step %i", async (stop) => {
    const code = `${program.replace("=== 7", `=== ${stop}`)}
      const whole = await train(start(), 0, 12);
      const run = start();
      const { step } = await loadCheckpoint(file, run);
      console.log(step, (await train(run, Number(step), 12)) === whole);`;
    expect(await printed(code)).toEqual([`${stop} true`]);
  });

  test.each(["model", "optimizer", "loader"])("needs the %s: without it the weights are others", async (part) => {
    const code = `${program}
      const whole = await train(start(), 0, 12);
      const run = start();
      const { ${part}: _, ...rest } = run;
      const { step } = await loadCheckpoint(file, rest);
      console.log((await train(run, Number(step), 12)) === whole);`;
    expect(await printed(code)).toEqual(["false"]);
  });
});
