import { describe, expect, it } from "vitest";
import { parseTable } from "./table";

const parse = (text: string) => parseTable(text, "t.csv");

/** The names and the cells of the rows. */
const read = (text: string) => {
  const { separator, names, records } = parse(text);
  return { separator, names, rows: records.map(({ cells }) => cells.join(" ")) };
};

describe("parseTable", () => {
  it.each([
    ["commas", "a,b\n1,2", { separator: ",", names: ["a", "b"], rows: ["1 2"] }],
    ["semicolons, with decimal commas", "a;b\n1,5;2,5", { separator: ";", names: ["a", "b"], rows: ["1,5 2,5"] }],
    ["tabs", "a\tb\n1\t2", { separator: "\t", names: ["a", "b"], rows: ["1 2"] }],
    ["bars", "a|b\n1|2", { separator: "|", names: ["a", "b"], rows: ["1 2"] }],
    ["a byte order mark", "\uFEFFa,b\n1,2", { separator: ",", names: ["a", "b"], rows: ["1 2"] }],
    ["commas in quoted names", '"a, in cm, about";"b";c\n1;2;3', { separator: ";", names: ["a, in cm, about", "b", "c"], rows: ["1 2 3"] }],
    ["as many commas in a name as separators", "a (in, cm);b\n1;2", { separator: ";", names: ["a (in, cm)", "b"], rows: ["1 2"] }],
    ["the separator that a first line names", "sep=;\r\na;b,c\r\n1;2", { separator: ";", names: ["a", "b,c"], rows: ["1 2"] }],
    ["the nameless column that pandas writes", ",b\n0,2", { separator: ",", names: ["column 1", "b"], rows: ["0 2"] }],
    ["a header alone", "a,b\n", { separator: ",", names: ["a", "b"], rows: [] }],
  ])("reads %s", (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it("counts lines as an editor does, with the line that names the separator", () => {
    expect(parse("sep=,\na,b\n1,2\n").records[0]?.line).toBe(3);
  });

  it.each([
    ["an empty file", "", /^t\.csv: expected a header and rows, got an empty file/],
    ["a file of blank lines", "\n \n", /^t\.csv: .*empty file/],
    ["no header", "1,2\n3,4", /^t\.csv:1: expected a header .* got numbers \(1, 2\) - add a first line of names/],
    ["a header of nothing", ",\n1,2", /^t\.csv:1: expected a header .* got empty cells/],
    ["a name twice", "\na,b,a\n1,2,3", /^t\.csv:2: .* got "a" as columns 1 and 3 - rename one/],
    ["a row too short", "a,b,c\n1,2,3\n1,2", /^t\.csv:3: expected 3 cells as in the header, got 2 - "c" is missing/],
    ["a row too long", "a,b\n1,2,3", /^t\.csv:2: expected 2 cells as in the header, got 3 - quote cells that hold a separator/],
    ["separators at the end of a row", "a,b\n1,2,,", /^t\.csv:2: .* got 4 - remove the separators at its end/],
    ["a ragged row after one with line breaks", 'a,b\n"x\ny",2\n3', /^t\.csv:4: .* got 1 - "b" is missing/],
  ])("refuses %s, with the line", (_name, text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: "UserError" }));
  });
});
