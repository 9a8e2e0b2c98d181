import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appFile } from "../../files";
import { csvSource, tableSource } from "./csv";

const EVERYTHING = { train: 10_000, test: 10_000 };

/** The table of a person: lines as they stand in the file, below a header. */
const source = (header: string, rows: readonly string[], target = "y", end = "\n") =>
  tableSource([header, ...rows].join(end) + end, { name: "t.csv", target });

/** Rows by their number. */
const rows = (count: number, of: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => of(i));

/** What the source says of each column. */
const notes = (of: ReturnType<typeof source>) => Object.fromEntries(of.split(1n, EVERYTHING).columns ?? []);

describe("tables as people have them", () => {
  it.each([
    [
      "numbers and two classes",
      source(
        "a,b,y",
        rows(12, (i) => `${(i * 7) % 12},${i / 2},${i % 2}`),
      ),
      { a: "numbers, 0 to 11", b: "numbers, 0 to 5.5", y: "the target, 2 classes: 0 (6), 1 (6)" },
    ],
    [
      "decimal commas between semicolons, with Windows line ends and a byte order mark",
      source(
        "\uFEFFa;b;y",
        rows(12, (i) => `${i % 5},5;1.00${i % 3},25;${i % 2}`),
        "y",
        "\r\n",
      ),
      { a: "numbers, 0.5 to 4.5", b: "numbers, 1000 to 1002", y: "the target, 2 classes: 0 (6), 1 (6)" },
    ],
    [
      "decimal commas in quotes between commas",
      source(
        "a,y",
        rows(12, (i) => `"${i % 5},5",${i % 2}`),
      ),
      { a: "numbers, 0.5 to 4.5", y: "the target, 2 classes: 0 (6), 1 (6)" },
    ],
    [
      "words, yes and no, and classes in words",
      source(
        "color\tsmoker\ty",
        rows(12, (i) => `${["red", "green"][i % 2]}\t${["Yes", "No", "no"][i % 3]}\t${["cat", "dog", "emu"][i % 3]}`),
      ),
      {
        color: 'text, 2 columns of 0 and 1: "green", "red"',
        smoker: "yes or no: 1 or 0",
        y: "the target, 3 classes: cat (4), dog (4), emu (4)",
      },
    ],
    [
      "missing values of every spelling",
      source(
        "a,b,y",
        rows(16, (i) => `${i % 8 === 0 ? ["NA", "?"][i / 8] : i % 4},${i % 4 === 0 ? "" : ["u", "v"][i % 2]},${i % 2}`),
      ),
      {
        a: "numbers, 0 to 3; 2 missing: they count as the median, 2",
        b: 'text, 3 columns of 0 and 1: "u", "v", missing; 4 missing: a value of its own',
        y: "the target, 2 classes: 0 (8), 1 (8)",
      },
    ],
    [
      "quoted cells with separators, line breaks and quotes",
      source(
        '"a, in cm","say ""what""",y',
        rows(12, (i) => `"${i % 5}","${["one, two", "three\nfour"][i % 2]}",${i % 2}`),
      ),
      {
        "a, in cm": "numbers, 0 to 4",
        'say "what"': 'text, 2 columns of 0 and 1: "one, two", "three\\nfour"',
        y: "the target, 2 classes: 0 (6), 1 (6)",
      },
    ],
    [
      "columns that say nothing",
      source(
        ",name,kind,empty,passenger_id,x,y",
        rows(12, (i) => `${i},"Doe, Mr. ${i}",A,,${90 - i * i},${i % 5},${i % 2}`),
      ),
      {
        "column 1": "left out: it counts the rows",
        name: 'left out: nearly every row has a text of its own, such as "Doe, Mr. 0"',
        kind: 'left out: every row has the same value, "A"',
        empty: "left out: no row has a value",
        passenger_id: "left out: by its name and values it says which row this is, and nothing about it",
        x: "numbers, 0 to 4",
        y: "the target, 2 classes: 0 (6), 1 (6)",
      },
    ],
    [
      "a quantity to find out, and empty rows at the end",
      source("x,y", [...rows(40, (i) => `${i % 7},${i * 1.5}`), ",", ","]),
      {
        x: "numbers, 0 to 6",
        y: expect.stringMatching(/a quantity of 40 .*: up to 28\.5 \(20\), above 28\.5 \(20\); 2 rows without a value left out/),
      },
    ],
  ])("are understood: %s", (_name, table, expected) => {
    expect(notes(table)).toEqual(expected);
  });

  it("give the classes, the question and how the file is written", () => {
    const table = source(
      "a;y",
      rows(12, (i) => `${i % 5},5;${["cat", "dog", "emu"][i % 3]}`),
    );
    expect(table.classes).toEqual(["cat", "dog", "emu"]);
    expect(table.question).toEqual({ text: "is y = emu?", yes: [2] });
    expect(table.about).toContain("t.csv: 12 rows, cells separated by semicolons, decimals after a comma");
  });

  it("give rows that say what the file says", () => {
    const text = rows(80, (i) => `${["u", "v", "w"][i % 3]},${i % 2 ? "yes" : "no"},${["u", "v", "w"][i % 3]}${i % 2}`);
    const { train, test } = source("a,b,y", text).split(3n, EVERYTHING);
    expect([train.count + test.count, train.features]).toEqual([80, 4]);
    // Classes in order: u0 u1 v0 v1 w0 w1. The first three columns name the letter, the fourth the digit.
    for (const part of [train, test]) {
      part.targets.forEach((label, row) => {
        const [u, v, w, digit] = part.inputs.subarray(row * 4, (row + 1) * 4);
        expect([u, v, w].indexOf(1)).toBe(Math.floor(label / 2));
        expect(digit).toBe(label % 2);
      });
    }
  });

  it("share a line for neighbours of which there is the same to say, if there are many", () => {
    const header = [...rows(40, (i) => `p${i}`), "y"].join(",");
    const table = source(
      header,
      rows(20, (i) => [...rows(40, (p) => (p === 7 ? "0" : String((i + p) % 9))), i % 2].join(",")),
    );
    expect(notes(table)).toEqual({
      "p0 … p6": "7 columns: numbers, 0 to 8",
      p7: 'left out: every row has the same value, "0"',
      "p8 … p39": "32 columns: numbers, 0 to 8",
      y: "the target, 2 classes: 0 (10), 1 (10)",
    });
  });

  it("include the flowers, all three species", () => {
    const iris = csvSource(appFile("data/iris.csv"), "species");
    const { train, test } = iris.split(42n, EVERYTHING);
    expect(iris.classes).toEqual(["setosa", "versicolor", "virginica"]);
    expect([train.count, test.count, train.features]).toEqual([111, 39, 4]);
    expect([0, 1, 2].map((label) => test.targets.filter((own) => own === label).length)).toEqual([13, 13, 13]);
  });
});

describe("what a table teaches", () => {
  it("comes from the training rows alone: whatever the test rows hold, the others stay as they are", () => {
    const base = rows(40, (i) => `${(i * 13) % 40},${["red", "green", "blue"][i % 3]}`);
    const table = (cells: readonly string[]) =>
      source(
        "x,color,y",
        cells.map((cell, i) => `${cell},${i % 2}`),
      ).split(5n, EVERYTHING);
    const { train, test } = table(base);
    // Which rows judge: their x, times the deviation and plus the mean, is in no training row; found by what changes when a row does.
    const judging = base.flatMap((_, changed) => {
      const other = table(base.map((cell, i) => (i === changed ? "1000,red" : cell)));
      return other.train.inputs.every((value, i) => value === train.inputs[i]) ? [changed] : [];
    });
    expect(judging).toHaveLength(test.count);
    const cell = fc.tuple(fc.constantFrom("-999", "NA", "0", "1e6"), fc.constantFrom("red", "violet", "?")).map((pair) => pair.join(","));
    fc.assert(
      fc.property(fc.array(cell, { minLength: test.count, maxLength: test.count }), (cells) => {
        const changed = table(base.map((old, i) => (judging.includes(i) ? (cells[judging.indexOf(i)] as string) : old)));
        expect(changed.train).toEqual(train);
      }),
      { numRuns: 20 },
    );
  });

  it("repeats with the seed and changes with it", () => {
    const table = source(
      "a,b,y",
      rows(40, (i) => `${i / 3},${i % 7},${i % 2}`),
    );
    expect(table.split(1n, EVERYTHING)).toEqual(table.split(1n, EVERYTHING));
    expect(table.split(1n, EVERYTHING).train).not.toEqual(table.split(2n, EVERYTHING).train);
  });
});

describe("tables that cannot be used", () => {
  it.each([
    [
      "a column to learn from is missing",
      "id,y",
      rows(12, (i) => `a${i},${i % 2}`),
      /^t\.csv: expected a column beside "y" to learn from, .* \("id": nearly every row/,
    ],
    ["a cell is no number", "x,y", rows(12, (i) => `${i === 4 ? "many" : i},${i % 2}`), /^t\.csv:6: expected a number in column "x"/],
    ["a row is too short", "x,z,y", rows(12, (i) => (i === 4 ? "1,2" : `${i},2,${i % 2}`)), /^t\.csv:6: expected 3 cells/],
    ["a quote stays open", "x,y", rows(12, (i) => `${i === 4 ? '"' : ""}${i},${i % 2}`), /^t\.csv:6: expected an end of the quoted cell/],
    ["there are no rows", "x,y", [], /^t\.csv: expected at least 10 rows below the header, got none/],
    ["there is one class", "x,y", rows(12, (i) => `${i},1`), /^t\.csv: column "y" .* at least two classes/],
  ])("are refused in one line if %s", (_name, header, rows, message) => {
    const make = () => source(header, rows);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ name: "UserError", message: expect.not.stringContaining("\n") }));
  });

  it("never end in anything but a message, whatever the file holds", () => {
    const line = fc.string({ unit: fc.constantFrom("1", "0", "a", ",", ";", '"', "\n", ".", "-", "?", "é"), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom("x,y\n", "y;x\n", ""), (lines, header) => {
        try {
          const { train } = tableSource(header + lines.join("\n"), { name: "t.csv", target: "y" }).split(0n, EVERYTHING);
          expect(train.inputs.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: "UserError" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
