/** The two pages of the book on dropout: their pictures, the numbers that they quote, and the rates that they name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nn } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { readKept } from "../experiments/pages.mjs";
import { table } from "../experiments/report.mjs";
import { root } from "../scripts/workspace.mjs";
import { linesOf } from "./testing/blocks.mjs";

const FAMILY = "docs/dropout-family.md";
const PAGES = ["docs/dropout.md", FAMILY];

/** Layers with what they are made of beside a rate. */
const linear = () => new nn.Linear(2, 2);
const MADE: Readonly<Record<string, () => { p: number }>> = {
  EmbeddingDropout: () => new nn.EmbeddingDropout(new nn.Embedding(2, 2)),
  WeightDrop: () => new nn.WeightDrop(linear(), ["weight"]),
  LayerDrop: () => new nn.LayerDrop([linear()]),
  MultiSampleDropout: () => new nn.MultiSampleDropout(linear()),
  ConcreteDropout: () => ({ p: Number(new nn.ConcreteDropout().rate().itemSync().toFixed(6)) }),
  MultiheadAttention: () => ({ p: new nn.MultiheadAttention(2, 1).dropout }),
};

/** Text between code, tables and empty lines. */
function paragraphsOf(lines: readonly string[]): string[] {
  const prose = lines.join("\n").replace(/^```[\s\S]*?^```$/gm, "");
  return prose.split(/\n\n+/).filter((part) => !part.startsWith("|"));
}

/** Numbers as the experiments write them, and the experiments that a paragraph links to. */
const quotedIn = (text: string) => [...text.matchAll(/\b\d+\.\d %|\b\d\.\d{3}\b/g)].map(([number]) => number);
const experimentsIn = (text: string) => [...text.matchAll(/experiments\/README\.md#([\w-]+)/g)].map(([, name]) => name);

const tables = new Map(readKept().found.map((found) => [found.name, table(found)]));

/** Numbers of a paragraph that no experiment which it links to has found. */
function strays(text: string): string[] {
  const found = experimentsIn(text).map((name) => tables.get(name as string) ?? "");
  return quotedIn(text).filter((number) => !found.some((own) => own.includes(` ${number} `)));
}

describe("numbers in the text", () => {
  test.each(PAGES)("of %s are those of the experiments to which they link", (page) => {
    const paragraphs = paragraphsOf(linesOf(page));
    expect(paragraphs.flatMap(strays)).toEqual([]);
    for (const name of paragraphs.flatMap(experimentsIn)) expect(tables.has(name as string), name).toBe(true);
  });

  test("are found at all, and are missed where they are wrong or without a link", () => {
    expect(paragraphsOf(linesOf("docs/dropout.md")).flatMap(quotedIn).length).toBeGreaterThan(8);
    const right = quotedIn(tables.get("rate") as string)[0] as string;
    expect(strays(`It knows ${right} ([rate](../experiments/README.md#rate)).`)).toEqual([]);
    expect(strays("It knows 99.9 % ([rate](../experiments/README.md#rate)).")).toEqual(["99.9 %"]);
    expect(strays(`It knows ${right}.`)).toEqual([right]);
  });
});

describe("pictures", () => {
  const shown = PAGES.flatMap((page) =>
    [
      ...linesOf(page)
        .join("\n")
        .matchAll(/!\[([^\]]*)\]\(masks\/([\w-]+\.svg)\)/g),
    ].map(([, alt, file]) => [page, file as string, alt as string] as const),
  );

  test.each(shown)("in %s: %s is told to those who do not see it, in the words of its title", (_page, file, alt) => {
    expect(readFileSync(join(root, "docs/masks", file), "utf8")).toContain(`<title id="title">${alt}</title>`);
  });

  test("are all shown, those of members by the family", () => {
    const files = readdirSync(join(root, "docs/masks"));
    expect(files.length).toBeGreaterThan(20);
    expect([...new Set(shown.map(([, file]) => file))].sort()).toEqual(files.sort());
    const inFamily = shown.filter(([page]) => page === FAMILY).map(([, file]) => file);
    expect(files.filter((file) => !inFamily.includes(file))).toEqual(["network.svg"]);
  });
});

describe("the family", () => {
  const lines = linesOf(FAMILY);
  const rows = lines.flatMap((line) => {
    const [, name, p] = /^\| \[(\w+)\]\(#.*\| ([\d.]+) +\| [^|]*\|$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(p)] as const];
  });

  test.each(rows)("says of nn.%s that p is %d by default, which it is", (name, p) => {
    const make = MADE[name] ?? (() => new nn[name as "Dropout"]());
    expect(make().p).toBe(p);
  });

  test("has every layer that drops, in the table and with a section of its own", () => {
    const layers = Object.keys(nn).filter((name) => /Drop|Zoneout/.test(name) && !name.endsWith("Loss"));
    const inTable = rows.map(([name]) => name);
    expect(inTable).toEqual(expect.arrayContaining(layers));
    expect(lines.filter((line) => line.startsWith("## ")).map((line) => line.slice(3))).toEqual(expect.arrayContaining(layers));
  });

  test("has a program in each section of a member", () => {
    const sections = lines.join("\n").split(/^## /m).slice(1);
    const without = sections.filter((section) => !section.includes("```ts\n")).map((section) => section.split("\n")[0]);
    expect(without).toEqual(["The table", "Which one to use"]);
  });
});
