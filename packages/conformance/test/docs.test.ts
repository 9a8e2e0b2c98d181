import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(path.startsWith(".") ? path : `./${path}`, import.meta.url), "utf8");

/** Lines without indentation, so that a block cut out of a function compares. */
const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const page = read("../../../docs/write-a-backend.md");
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => linesOf(code as string));

describe("docs/write-a-backend.md", () => {
  test("has the minimal backend and its test, whole and in order", () => {
    expect(blocks.flat()).toEqual([...linesOf(read("minimal-backend.ts")), ...linesOf(read("minimal-backend.test.ts"))]);
  });

  test("comes in pieces that a reader can take in", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    for (const block of blocks) expect(block.length).toBeLessThanOrEqual(25);
  });
});

describe("the golden files", () => {
  test.each(["masks", "dropout", "training", "layers", "recurrent"])("%s.json is the one that core is tested with", (name) => {
    expect(read(`../goldens/${name}.json`) === read(`../../core/goldens/${name}.json`)).toBe(true);
  });
});
