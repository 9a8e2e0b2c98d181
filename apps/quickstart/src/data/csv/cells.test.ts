import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { booleanWords, decimalMarkOf, isMissing, toNumber, toNumbers } from "./cells";

describe("isMissing", () => {
  it.each(["", "NA", "n/a", "#N/A", "<NA>", "NaN", "null", "None", "?", "-", ".", "#DIV/0!"])("takes %j for no value", (cell) => {
    expect(isMissing(cell)).toBe(true);
  });

  it.each(["0", "no", "false", "unknown", "-1", "Nancy"])("takes %j for a value", (cell) => {
    expect(isMissing(cell)).toBe(false);
  });
});

describe("toNumber", () => {
  it.each([
    ["12", 12, 12],
    ["-3", -3, -3],
    ["+.5", 0.5, Number.NaN],
    ["1.5", 1.5, Number.NaN],
    ["1,5", Number.NaN, 1.5],
    ["0.125", 0.125, Number.NaN],
    ["0,125", Number.NaN, 0.125],
    ["1e-3", 0.001, 0.001],
    ["2.5E+2", 250, Number.NaN],
    ["1,234", 1234, 1.234],
    ["1.234", 1.234, 1234],
    ["1,234,567.5", 1234567.5, Number.NaN],
    ["1.234.567,5", Number.NaN, 1234567.5],
    ["1 234,5", Number.NaN, 1234.5],
    ["1\u00A0234", 1234, 1234],
    ["1'234.5", 1234.5, Number.NaN],
    ["12,34", Number.NaN, 12.34],
    ["1,23,456", Number.NaN, Number.NaN],
    ["0x10", Number.NaN, Number.NaN],
    ["Infinity", Number.NaN, Number.NaN],
    ["", Number.NaN, Number.NaN],
    ["12 kg", Number.NaN, Number.NaN],
    ["2024-01-05", Number.NaN, Number.NaN],
  ])("reads %j as %d with a decimal point and %d with a decimal comma", (cell, point, comma) => {
    expect([toNumber(cell, "."), toNumber(cell, ",")]).toEqual([point, comma]);
  });

  it("gives back every number that JavaScript writes, and with a comma in place of its point", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(toNumber(String(number), ".")).toBe(number === 0 ? 0 : number);
        expect(toNumber(String(number).replace(".", ","), ",")).toBe(number === 0 ? 0 : number);
      }),
    );
  });
});

describe("the decimal mark", () => {
  it.each([
    [["1.5", "2.5", "x"], ",", "."],
    [["1,5", "2,5", "3"], ",", ","],
    [["1,234", "5,5"], ",", ","],
    [["1,234", "5.5"], ";", "."],
    [["1,234", "2,345"], ",", "."],
    [["1,234", "2,345"], ";", ","],
    [["1", "2"], ",", "."],
  ] as const)("of %j between %j is %j", (cells, separator, mark) => {
    expect(decimalMarkOf(cells, separator)).toBe(mark);
  });

  it("may be another one in a single column", () => {
    expect([...toNumbers(["1.5", null, "2"], ",")]).toEqual([1.5, Number.NaN, 2]);
    expect([...toNumbers(["1,5", "x", "2"], ".")]).toEqual([1.5, Number.NaN, 2]);
    expect([...toNumbers(["1.234", "2"], ",")]).toEqual([1234, 2]);
  });
});

describe("booleanWords", () => {
  it.each([
    [
      ["True", "FALSE", "true"],
      ["false", "true"],
    ],
    [
      ["yes", "No"],
      ["no", "yes"],
    ],
    [
      ["Y", "N", "N"],
      ["n", "y"],
    ],
    [
      ["on", "off"],
      ["off", "on"],
    ],
    [["yes", "true"], undefined],
    [["yes", "yes"], undefined],
    [["yes", "no", "maybe"], undefined],
    [["0", "1"], undefined],
  ])("of %j are %j", (cells, words) => {
    expect(booleanWords(cells)).toEqual(words);
  });
});
