import { describe, expect, it } from "vitest";
import { parseTable } from "./table";
import { readTarget } from "./target";

/** A table with a column x and a column y of the cells given. */
const target = (cells: readonly (string | number)[], name = "y") =>
  readTarget(parseTable(["x;y", ...cells.map((cell, i) => `${i};${cell}`)].join("\n"), "t.csv"), name, ".");

const times = (count: number, ...cells: (string | number)[]): (string | number)[] =>
  Array.from({ length: count }, (_, i) => cells[i % cells.length] as string | number);

describe("readTarget", () => {
  it("makes a class of each number, by size", () => {
    expect(target(times(12, 10, 9, 2.5))).toMatchObject({
      classes: ["2.5", "9", "10"],
      labels: Int32Array.of(2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0),
      question: "is y = 10?",
      note: "the target, 3 classes: 2.5 (4), 9 (4), 10 (4)",
    });
  });

  it("takes numbers that are written in two ways for one", () => {
    expect(target(times(12, "1", "1.0", "01", "0")).classes).toEqual(["0", "1"]);
  });

  it("makes a class of each text, by alphabet", () => {
    const { classes, labels, question } = target(times(12, "setosa", "virginica", "versicolor"));
    expect(classes).toEqual(["setosa", "versicolor", "virginica"]);
    expect([...labels.slice(0, 3)]).toEqual([0, 2, 1]);
    expect(question).toBe("is y = virginica?");
  });

  it.each([
    [
      ["Yes", "no", "yes", "NO"],
      ["no", "yes"],
    ],
    [
      ["TRUE", "FALSE"],
      ["false", "true"],
    ],
    [
      ["1", "x"],
      ["1", "x"],
    ],
    [
      ["b", "B"],
      ["B", "b"],
    ],
  ])("makes of %j the classes %j", (cells, classes) => {
    expect(target(times(12, ...cells)).classes).toEqual(classes);
  });

  it("leaves out rows without a value, and says how many", () => {
    const { table, labels, note } = target([...times(10, "a", "b"), "", "NA", "?"]);
    expect([table.records.length, labels.length]).toEqual([10, 10]);
    expect(note).toBe("the target, 2 classes: a (5), b (5); 3 rows without a value left out");
  });

  it("cuts a quantity in the middle", () => {
    const { classes, labels, question, note } = target(Array.from({ length: 40 }, (_, i) => i / 4));
    expect(classes).toEqual(["up to 4.75", "above 4.75"]);
    expect(labels.reduce((a, b) => a + b)).toBe(20);
    expect(question).toBe("is y above 4.75?");
    expect(note).toBe("the target, a quantity of 40 different numbers, cut in the middle: up to 4.75 (20), above 4.75 (20)");
  });

  it("cuts a quantity that has one value many times beside it", () => {
    const zeros = target([...times(30, 0), ...Array.from({ length: 25 }, (_, i) => i + 1)]);
    expect(zeros.classes).toEqual(["up to 0", "above 0"]);
    const most = target([...times(30, 99), ...Array.from({ length: 25 }, (_, i) => i + 1)]);
    expect(most.classes).toEqual(["up to 25", "above 25"]);
  });

  it.each([
    [
      "a column that is not there",
      () => target(times(12, 0, 1), "z"),
      /^t\.csv: expected a column "z" \(--target\), got "x", "y" - name one of them/,
    ],
    ["one of nearly that name", () => target(times(12, 0, 1), " Y "), /did you mean "y"\?$/],
    ["no rows", () => target([]), /^t\.csv: expected at least 10 rows below the header, got none/],
    ["few rows", () => target(times(9, 0, 1)), /expected at least 10 rows below the header, got 9 - add rows/],
    [
      "few rows with a value",
      () => target([...times(9, 0, 1), "", ""]),
      /^t\.csv: column "y" .* in at least 10 rows, got 9 \(line 11 is the first without\)/,
    ],
    ["no values", () => target(times(12, "")), /got none \(line 2 is the first without\)/],
    ["one class", () => target(times(12, "a")), /^t\.csv: column "y" \(--target\): expected at least two classes, got "a" in every row/],
    ["one number", () => target(times(12, 5)), /expected at least two classes, got "5" in every row/],
    [
      "many texts",
      () => target(times(42, ...Array.from({ length: 21 }, (_, i) => `t${i}`))),
      /at most 20 classes, got 21 different texts \("t0"/,
    ],
    [
      "a class with one row",
      () => target([...times(12, "a", "b"), "c"]),
      /^t\.csv:14: expected at least two rows of each class in column "y", got one of "c"/,
    ],
  ])("refuses %s", (_name, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ name: "UserError", message: expect.not.stringContaining("\n") }));
  });

  it("refuses a table of the target alone", () => {
    expect(() => readTarget(parseTable("y\n0\n1", "t.csv"), "y", ".")).toThrow(
      /^t\.csv: expected a column beside the target, got only "y"/,
    );
  });
});
