import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { findChromium } from "../vitest.chromium.mjs";
import { blocksOf, expectedLines } from "./testing/blocks.mjs";
import { typeErrors } from "./testing/check-types";
import { pagesWithCode } from "./testing/pages";
import { runBlock } from "./testing/run-block";
import { expectedOfHtml, runHtml } from "./testing/run-html";

const blocks = pagesWithCode().flatMap(blocksOf);
const chromium = findChromium();
/** ts and js run here; html opens in a browser where there is one; the rest is for other programs to read. */
const LANGUAGES = ["ts", "js", "html", "json", "py", "sh", "text"];
/** npm's own commands that the pages use. */
const NPM = ["install", "ci", "pack", "ls"];
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

  test.each(blocks.filter(({ language }) => language === "json"))("$place is JSON", ({ code }) => {
    expect(JSON.parse(code)).toBeTypeOf("object");
  });

  describe.skipIf(chromium === undefined)("in Chromium", () => {
    test.each(blocks.filter(({ language }) => language === "html"))("$place opens and prints what its comments say", async (block) => {
      expect(await runHtml(chromium as string, block)).toEqual(expectedOfHtml(block));
    });
  });

  test("every block names a language, so that none goes unchecked by mistake", () => {
    expect(blocks.filter(({ language }) => !LANGUAGES.includes(language)).map(({ place }) => place)).toEqual([]);
  });

  test("the top page has a program within its first 25 lines", () => {
    const first = programs.find(({ place }) => place.startsWith("README.md:"));
    expect(Number(first?.place.split(":")[1]) + (first?.code.split("\n").length ?? 0)).toBeLessThanOrEqual(25);
  });

  test("npm commands name scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const commands = blocks
      .filter(({ language }) => language === "sh")
      .flatMap(({ code }) => [...code.matchAll(/npm (?:run )?([\w:-]+)/g)]);
    const named = commands.map(([, name]) => name as string).filter((name) => !NPM.includes(name));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
