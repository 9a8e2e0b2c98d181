import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRecords } from "./records";

const parse = (text: string, separator = ",") => parseRecords(text, { name: "t.csv", separator });
const cells = (text: string, separator?: string) => parse(text, separator).map((record) => record.cells);

describe("parseRecords", () => {
  it.each([
    ["nothing", "", []],
    ["blank lines only", "\n  \n\r\n", []],
    ["one line without an end", "a,b", [["a", "b"]]],
    [
      "empty cells",
      "a,,\n,",
      [
        ["a", "", ""],
        ["", ""],
      ],
    ],
    ["line ends of every kind in one file", "a\nb\r\nc\rd", [["a"], ["b"], ["c"], ["d"]]],
    ["blanks around cells, quoted or not", ' a ,\t"b" , c\n', [["a", "b", "c"]]],
    ["a quoted separator, line break and quote", '"a,b","c\nd","say ""hi"""', [["a,b", "c\nd", 'say "hi"']]],
    ["a quote within a cell that begins with none", '5" disk,b', [['5" disk', "b"]]],
    ["an empty quoted cell beside another", '"",b', [["", "b"]]],
    ["quotes that hold only a quote", '"""",b', [['"', "b"]]],
  ])("reads %s", (_name, text, expected) => {
    expect(cells(text)).toEqual(expected);
  });

  it("keeps empty cells at both ends where tabs separate", () => {
    expect(cells("\ta\t\n b \t\tc", "\t")).toEqual([
      ["", "a", ""],
      ["b", "", "c"],
    ]);
  });

  it("takes a bar for a separator, and no other character for one", () => {
    expect(cells("a,b|c;d\\|e", "|")).toEqual([["a,b", "c;d\\", "e"]]);
  });

  it("says at which line a record begins, whatever its cells hold", () => {
    expect(parse('a,b\n\n"1\n\n2",3\r\n4,5').map(({ line }) => line)).toEqual([1, 3, 6]);
  });

  it.each([
    ["a quote that nothing closes", 'a,b\n1,"x\n2,y\n', /^t\.csv:2: expected an end of the quoted cell that begins in this line/],
    ["one that opens after a line break within a row", 'a,b\n"1\n2","x\n', /^t\.csv:3: /],
    ["text after a closing quote", 'a,b\n"x"y,2\n', /^t\.csv:2: expected a separator .* got "y" - double a quote/],
    ["a stray quote that finds another one lines later", 'a,b\n"x,1\ny,"z",2\n', /^t\.csv:3: .*\(the cell begins in line 2\), got "z\\""/],
  ])("refuses %s", (_name, text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: "UserError", message: expect.not.stringContaining("\n") }));
  });

  it("gives back any cells that were written, with the line of each record", () => {
    const cell = fc
      .string({ unit: fc.constantFrom("a", "é", "1", ",", ";", "\t", '"', "\n", "\r\n", " ", "|") })
      .map((text) => text.trim());
    const record = fc.array(cell, { minLength: 2, maxLength: 5 });
    const end = fc.constantFrom("\n", "\r\n", "\r");
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        fc.constantFrom(",", ";", "\t", "|"),
        end,
        fc.boolean(),
        (records, separator, end, all) => {
          const write = (text: string): string => (all || /[",;|\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
          const text = records.map((cells) => cells.map(write).join(separator) + end).join("");
          let line = 1;
          const expected = records.map((cells) => {
            const begin = line;
            line += 1 + (cells.join("").match(/\r\n|\n|\r/g)?.length ?? 0);
            return { cells, line: begin };
          });
          expect(parse(text, separator)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("ends any text with records or a message, and loses no letter of an unquoted one", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ",", '"', "\n", "\r", " "), maxLength: 40 });
    fc.assert(
      fc.property(text, (text) => {
        try {
          const letters = (of: string): string => of.replace(/[^ab]/g, "");
          expect(letters(cells(text).flat().join(""))).toBe(letters(text));
        } catch (error) {
          expect(error).toMatchObject({ name: "UserError", message: expect.stringMatching(/^t\.csv:\d+: /) });
        }
      }),
      { numRuns: 500 },
    );
  });
});
