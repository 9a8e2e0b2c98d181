import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { blocksOf, expectedLines } from "./testing/blocks.mjs";
import { typeErrors } from "./testing/check-types";
import { pagesWithCode } from "./testing/pages";
import { runBlock } from "./testing/run-block";

const blocks = pagesWithCode().flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language === "ts" || language === "js");

describe("code in the pages", () => {
  test.each(programs)("$place runs and prints what its comments say", async (block) => {
    const { lines, errors, status } = await runBlock(block);
    expect(status, errors).toBe(0);
    expect(lines).toEqual(expectedLines(block));
  });

  test("TypeScript blocks have no type errors", () => {
    expect(typeErrors(programs.filter(({ language }) => language === "ts"))).toEqual([]);
  });

  test("every block names a language, so that none goes unchecked by mistake", () => {
    expect(blocks.filter(({ language }) => !["ts", "js", "sh", "text"].includes(language)).map(({ place }) => place)).toEqual([]);
  });

  test("the top page has a program within its first 25 lines", () => {
    const first = programs.find(({ place }) => place.startsWith("README.md:"));
    expect(Number(first?.place.split(":")[1]) + (first?.code.split("\n").length ?? 0)).toBeLessThanOrEqual(25);
  });

  test("npm commands name scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => [...code.matchAll(/npm (?:run )?([\w-]+)/g)]);
    const named = commands.map(([, name]) => name as string).filter((name) => name !== "install" && name !== "ci");
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
