import { describe, expect, test } from "vitest";
import { readNpz } from "../src/index";
import { bytesOf } from "./files";
import { differences } from "./keras-flax.mjs";

describe.each(["keras", "flax"] as const)("layers of %s, by the table in the README,", (framework) => {
  test("give the outputs that they give there", async () => {
    const found = await differences(framework, await readNpz(bytesOf(`${framework}.npz`)));
    expect(Object.keys(found)).toHaveLength(framework === "keras" ? 13 : 14);
    for (const [layer, difference] of Object.entries(found)) expect.soft(difference, layer).toBeLessThanOrEqual(1e-5);
  });
});
