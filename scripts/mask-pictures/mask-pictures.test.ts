import { Generator, nn, ones } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { keptOrDropped, shades } from "./cells.mjs";
import { drawPictures } from "./pictures.mjs";
import { type Picture, svgOf, WIDEST } from "./svg.mjs";

const pictures = drawPictures();

/** Cells of a kind, by the lengths of its lines of dashes. */
function cellsOf(svg: string, colour: string, wide: number): number {
  const paths = [...svg.matchAll(/<path d="([^"]+)" stroke="(#\w+)"/g)].filter(([, , stroke]) => stroke === colour);
  const runs = paths.flatMap(([, d]) => [...(d as string).matchAll(/h(\d+)/g)].map(([, length]) => Number(length)));
  return runs.reduce((sum, length) => sum + (length + 2) / wide, 0);
}

describe("the pictures of masks", () => {
  test.each([...pictures])("%s is small, names what it shows, and fits a phone", (_name, svg) => {
    expect(svg.length).toBeLessThanOrEqual(6 * 1024);
    expect(svg).toMatch(/role="img" aria-labelledby="title"/);
    expect(svg).toMatch(/<title id="title">.{20,}\.<\/title>/);
    expect(Number(/ width="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(WIDEST);
    expect(svg).not.toMatch(/NaN|undefined|<style|<script/);
  });

  test("are of every layer that drops, and of each of its own", () => {
    const layers = Object.keys(nn).filter((name) => /Drop|Zoneout/.test(name) && !name.endsWith("Loss"));
    expect(layers.length).toBeGreaterThan(15);
    expect([...pictures.keys()]).toEqual(expect.arrayContaining(layers.map((name) => `${name}.svg`)));
    expect(new Set(pictures.values()).size).toBe(pictures.size);
  });

  test("show the mask that the layer draws", () => {
    const layer = new nn.Dropout({ p: 0.5, generator: new Generator(1) });
    layer.forward(ones([8, 16]));
    const kept = layer.lastMask()?.type("int32").sum().itemSync() as number;
    const svg = pictures.get("Dropout.svg") as string;
    expect(cellsOf(svg, "#3579bd", 16)).toBe(kept);
    expect(cellsOf(svg, "#747f8b", 16)).toBe(8 * 16 - kept);
  });

  test("are the same each time", () => {
    expect([...drawPictures()]).toEqual([...pictures]);
  });
});

describe("a picture", () => {
  const picture: Picture = {
    title: "Three cells, of which two are kept.",
    made: "by hand & <nobody>",
    panels: [{ cells: [["kept", "kept", "dropped", "none"]] }],
    rows: "rows",
    columns: "columns",
    legend: [["kept", "kept"]],
  };

  test("has a line of dashes for each run of equal cells, and nothing where there is nothing", () => {
    const svg = svgOf(picture);
    expect(svg.match(/<path d="M18 9h30" stroke="#3579bd" stroke-width="14" stroke-dasharray="14 2"\/>/)).not.toBeNull();
    expect(svg.match(/<path d="M50 9h14" /)).not.toBeNull();
    expect(svg.match(/<path/g)).toHaveLength(2);
  });

  test("has its words with the marks of XML escaped", () => {
    expect(svgOf(picture)).toContain("<desc>by hand &amp; &lt;nobody&gt;</desc>");
  });

  test("that is too wide for a phone is refused", () => {
    const row = Array.from({ length: 40 }, () => "kept" as const);
    expect(() => svgOf({ ...picture, panels: [{ cells: [row] }] })).toThrow("expected a picture of at most 296 pixels");
  });

  test("has its cells by what is there, and shades up to a top", () => {
    expect(keptOrDropped([[0, 2, -1]])).toEqual([["dropped", "kept", "kept"]]);
    expect(shades([[-1, 0, 0.5, 1, 2, 3]], 2)).toEqual([[0, 0, 1, 2, 4, 4]]);
  });
});
