import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv";

/** A table with columns a, b and y: `count` rows, y alternating. */
const table = (count: number, separator = ",", end = "\n"): string =>
  [["a", "b", "y"], ...Array.from({ length: count }, (_, i) => [i, -i / 2, i % 2])].map((row) => row.join(separator)).join(end);

const parse = (text: string, target = "y") => parseCsv(text, { name: "t.csv", target });

/** The table of twelve rows with one line replaced; line 1 is the header. */
const withLine = (line: number, text: string): string =>
  table(12)
    .split("\n")
    .map((old, i) => (i === line - 1 ? text : old))
    .join("\n");

describe("parseCsv", () => {
  it("takes the target out and keeps the other columns in order", () => {
    const { rows, question } = parse(table(12));
    expect(rows.count).toBe(12);
    expect(rows.features).toBe(2);
    expect([...rows.inputs.slice(0, 6)]).toEqual([0, 0, 1, -0.5, 2, -1]);
    expect([...rows.targets.slice(0, 4)]).toEqual([0, 1, 0, 1]);
    expect(question).toBe("y = 1");
  });

  it.each([
    ["semicolons", table(12, ";")],
    ["tabs", table(12, "\t")],
    ["Windows line ends and a byte order mark", `\uFEFF${table(12, ",", "\r\n")}\r\n`],
    ["blank lines and quoted cells", withLine(3, '\n"1","-0.5",1')],
  ])("reads %s alike", (_name, text) => {
    expect(parse(text).rows).toEqual(parse(table(12)).rows);
  });

  it("makes the largest of several classes class 1", () => {
    const text = `x,kind\n${Array.from({ length: 12 }, (_, i) => `${i},${i % 3}`).join("\n")}`;
    const { rows, question } = parse(text, "kind");
    expect([...rows.targets.slice(0, 6)]).toEqual([0, 0, 1, 0, 0, 1]);
    expect(question).toBe("kind = 2");
  });

  it.each([
    ["an empty file", "", /^t\.csv: .*empty file/],
    ["no header", table(12).split("\n").slice(1).join("\n"), /^t\.csv:1: expected a header/],
    ["a nameless column", withLine(1, "a,,y"), /^t\.csv:1: .*column 2/],
    ["a column twice", withLine(1, "a,a,y"), /^t\.csv:1: .*"a" twice/],
    ["a word in a cell", withLine(4, "2,many,0"), /^t\.csv:4: .*column "b", got "many"/],
    ["an empty cell", withLine(5, "3,,1"), /^t\.csv:5: .*column "b", got an empty cell/],
    ["a hexadecimal cell", withLine(5, "3,0x10,1"), /^t\.csv:5: .*"0x10"/],
    ["an infinite cell", withLine(6, "Infinity,1,0"), /^t\.csv:6: .*column "a"/],
    ["a number beyond float32", withLine(6, "1e39,1,0"), /^t\.csv:6: .*3\.4e38.*column "a"/],
    ["a row too short", withLine(7, "5,1"), /^t\.csv:7: expected 3 cells .* got 2 - "y" is missing/],
    ["a row too long", withLine(8, "5,1,0,9"), /^t\.csv:8: expected 3 cells .* got 4/],
    ["an open quote", withLine(9, '"7,1,0'), /^t\.csv:\d+: /],
    ["too few rows", table(9), /^t\.csv: expected at least 10 rows .* got 9/],
    ["one class", table(12).replace(/1$/gm, "0"), /^t\.csv: column "y": expected at least two classes/],
    ["a class with one row", withLine(3, "1,1,5").replace(/,1$/gm, ",0"), /^t\.csv: column "y": .*one of 5/],
    ["only a target", `y\n${"1\n0\n".repeat(6)}`, /^t\.csv: expected a column beside the target/],
  ])("refuses %s in one line", (_name, text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: "UserError", message: expect.not.stringContaining("\n") }));
  });

  it("names the columns there are when the target is none of them", () => {
    expect(() => parse(table(12), "label")).toThrow('t.csv: expected a column "label" (--target), got "a", "b", "y"');
  });

  it("refuses a target that is a quantity", () => {
    const text = `x,price\n${Array.from({ length: 40 }, (_, i) => `${i},${i * 1.5}`).join("\n")}`;
    expect(() => parse(text, "price")).toThrow(/at most 20 classes, got 40/);
  });

  it("counts lines in the file, not rows, when cells hold line breaks", () => {
    expect(() => parse(withLine(3, '"1\n",2,1').replace("3,-1.5,1", "3,oops,1"))).toThrow(/^t\.csv:6: .*"oops"/);
  });
});
