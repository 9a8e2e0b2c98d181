import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compareResults } from "./compare";
import { page } from "./page";
import { type Figure, type Result, readResult } from "./result";
import { comparisonTable, figureTable, ratioTable } from "./table";

/** A figure whose middle half lies `half` nanoseconds to both sides of the median. */
function figure(competitor: string, median: number, half: number, size = "1k"): Figure {
  const spread = (2 * half) / median;
  const times = { min: median - half, median, low: median - half, high: median + half, spread };
  const copies = { copy: 10, ratio: median / 10, ratioSpread: spread, wide: spread > 0.2 };
  return {
    op: "dropout",
    size,
    elements: 1024,
    competitor,
    rounds: 9,
    calls: 1,
    value: median / 1024,
    unit: "ns/element",
    ...times,
    ...copies,
  };
}

function result(figures: Figure[], changes: Partial<Result> = {}): Result {
  const machine = { cpu: "test", cores: 2, memoryGiB: 1, system: "none", load: 0 };
  const participants = [...new Set(figures.map(({ competitor }) => competitor))].map((name) => ({ name, threads: 1, device: "<test>" }));
  const rest = { versions: { node: "20" }, method: ["A sentence."], participants, missing: [], skipped: [], memory: [] };
  return { format: 1, date: "2026-01-01T00:00:00.000Z", effort: "full", machine, ...rest, figures, ...changes };
}

describe("compareResults", () => {
  it("tells which bundles weigh more or less, and nothing of results that have none", () => {
    const weighing = (bytes: number) =>
      result([], {
        bundles: [
          { name: "core", bytes, limit: 10 },
          { name: "same", bytes: 5, limit: 10 },
        ],
      });
    expect(compareResults(weighing(7), weighing(8)).bundles).toEqual([{ name: "core", before: 7, after: 8 }]);
    expect(comparisonTable(compareResults(weighing(7), weighing(8)))).toContain("core: 7 bytes before, 8 after");
    expect(compareResults(result([]), weighing(8)).bundles).toEqual([]);
  });

  it("marks what moved by more than the wider spread, and nothing else", () => {
    const before = result([figure("a", 1000, 20), figure("b", 1000, 20), figure("c", 1000, 200), figure("d", 1000, 20)]);
    const after = result([figure("a", 1100, 20), figure("b", 900, 20), figure("c", 1100, 20), figure("d", 1040, 20)]);
    expect(compareResults(before, after).changes.map(({ competitor, factor, verdict }) => [competitor, factor, verdict])).toEqual([
      ["a", 1.1, "slower"],
      ["b", 0.9, "faster"],
      ["c", 1.1, "same"],
      ["d", 1.04, "same"],
    ]);
  });

  it("lists what only one of them has", () => {
    const { changes, onlyBefore, onlyAfter } = compareResults(
      result([figure("a", 1, 0), figure("a", 1, 0, "1M")]),
      result([figure("a", 1, 0), figure("b", 1, 0)]),
    );
    expect(changes).toHaveLength(1);
    expect(onlyBefore).toEqual(["dropout 1M a"]);
    expect(onlyAfter).toEqual(["dropout 1k b"]);
  });

  it("warns about other machines, versions and efforts", () => {
    const machine = { cpu: "other", cores: 2, memoryGiB: 1, system: "none", load: 0 };
    const { warnings } = compareResults(result([]), result([], { machine, effort: "quick", versions: { node: "24" } }));
    expect(warnings).toHaveLength(3);
    expect(compareResults(result([]), result([])).warnings).toEqual([]);
  });

  it("is shown with counts", () => {
    const text = comparisonTable(compareResults(result([figure("a", 1000, 1)]), result([figure("a", 500, 1)])));
    expect(text).toContain("0.500x");
    expect(text).toContain("1 faster, 0 slower, 0 within the spread");
  });
});

describe("figures", () => {
  it("with a wide spread are marked in the table and on the page", () => {
    const figures = [figure("calm", 1000, 10), figure("wild", 1000, 300)];
    const rows = figureTable("dropout", figures).split("\n");
    expect(rows.find((row) => row.includes("calm"))).not.toContain("~");
    expect(rows.find((row) => row.includes("wild"))).toContain("60% ~");
    expect(page(result(figures))).toContain("1 of 2 figures have a wide spread");
  });
});

describe("the table against PyTorch", () => {
  const of = (competitor: string, median: number, op: Figure["op"], size: string): Figure => ({
    ...figure(competitor, median, 1, size),
    op,
  });
  const figures = [
    ...[of("native", 500, "ops", "relu"), of("tfjs", 4000, "ops", "relu"), of("torch", 1000, "ops", "relu")],
    ...[of("native", 3e6, "train-gpt", "4x4x128"), of("torch", 6e6, "train-gpt", "4x4x128")],
    ...[of("native", 1, "train-loader", "64x10 ready"), of("torch", 1, "dropout", "1k")],
  ];

  it("has a line for each operation, layer and training that PyTorch did, with everybody's ratio", () => {
    const lines = ratioTable(figures).trim().split("\n");
    expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["op", "size", "torch", "native", "tfjs"],
      ["ops", "relu", "1.00 us", "2.00", "0.250"],
      ["train-gpt", "4x4x128", "6.00 ms", "2.00"],
    ]);
    const html = page(result(figures));
    expect(html).toContain("<td>ops</td><td>relu</td><td>1.00 us</td><td>2.00</td><td>0.250</td>");
    expect(html).toContain("<td>train-gpt</td><td>4x4x128</td><td>6.00 ms</td><td>2.00</td><td></td>");
  });

  it("is not there without PyTorch", () => {
    const others = figures.filter(({ competitor }) => competitor !== "torch");
    expect(ratioTable(others)).toBe("");
    expect(page(result(others))).not.toContain("Against PyTorch");
  });
});

describe("the page", () => {
  it("is whole by itself: drawings inside, nothing fetched, text escaped", () => {
    const html = page(result([figure("a", 1000, 10, "1k"), { ...figure("a", 4000, 10, "4k"), elements: 4096 }]));
    expect(html).toContain("<svg");
    expect(html).toContain("&lt;test&gt;");
    expect(html).not.toMatch(/<script|<link|src=|url\(http/);
  });
});

describe("readResult", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it("reads what was written", () => {
    const written = result([figure("a", 1, 0)]);
    expect(readResult(file("good.json", JSON.stringify(written)))).toEqual(written);
  });

  it("refuses other files in one line", () => {
    expect(() => readResult(join(folder, "none.json"))).toThrow(/no such result/);
    expect(() => readResult(file("text.json", "hello"))).toThrow(/expected JSON/);
    expect(() => readResult(file("null.json", "null"))).toThrow(/format 1, got something else/);
    expect(() => readResult(file("old.json", '{"format":0,"figures":[]}'))).toThrow(/format 1, got 0/);
  });
});
