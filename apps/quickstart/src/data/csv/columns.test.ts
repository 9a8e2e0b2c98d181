import { describe, expect, it } from "vitest";
import { readColumn } from "./columns";
import { parseTable } from "./table";

/** A column among others, of the cells given. */
const column = (cells: readonly string[], { name = "x", first = false } = {}) => {
  const others = cells.map((_, i) => (i % 3) / 2);
  const header = first ? `${name};y;z` : `y;${name};z`;
  const rows = cells.map((cell, i) => (first ? `${cell};${others[i]};a` : `${others[i]};${cell};a`));
  return readColumn(parseTable([header, ...rows].join("\n"), "t.csv"), first ? 0 : 1, ".");
};

/** Cells by their number. */
const cells = (count: number, of: (i: number) => string | number): string[] => Array.from({ length: count }, (_, i) => String(of(i)));

describe("readColumn", () => {
  it.each([
    ["numbers", cells(12, (i) => i % 4), "number"],
    ["numbers with missing ones", cells(12, (i) => (i === 3 ? "NA" : i / 2)), "number"],
    ["numbers with decimal commas in a table that has none", cells(12, (i) => `${i},5`), "number"],
    ["numbers in an order of their own", cells(12, (i) => (i * 5) % 12), "number"],
    ["two words that are a yes and a no", cells(12, (i) => (i % 2 ? "Yes" : "no")), "boolean"],
    ["such words where one is missing", cells(12, (i) => (i === 0 ? "?" : i % 2 ? "yes" : "no")), "text"],
    ["words", cells(12, (i) => ["red", "green", "blue"][i % 3] as string), "text"],
    ["numbers and words by turns", cells(12, (i) => (i % 3 ? i % 4 : "none of them")), "text"],
    ["names that are mostly numbers", cells(40, (i) => (i === 7 || i === 20 ? "ground" : i % 5)), "text"],
    ["one value, or none", cells(12, (i) => (i % 3 ? "" : "x")), "text"],
    ["nothing", cells(12, () => ""), "left out"],
    ["one value", cells(12, () => 5), "left out"],
    ["one text", cells(12, () => "same"), "left out"],
    ["a text of its own in each row", cells(12, (i) => `Mr. No ${i}`), "left out"],
  ])("takes %s for what it is", (_name, cells, kind) => {
    expect(column(cells).kind).toBe(kind);
  });

  it("keeps numbers, a gap as NaN, and texts, a gap as null", () => {
    const numbers = column(["1", "2.5", "NA", "-3"]);
    expect(numbers.kind === "number" && [...numbers.values]).toEqual([1, 2.5, Number.NaN, -3]);
    const texts = column(["a", "b", "?", "a"]);
    expect(texts.kind === "text" && texts.values).toEqual(["a", "b", null, "a"]);
    const words = column(["TRUE", "False", "true"]);
    expect(words.kind === "boolean" && [[...words.values], words.words]).toEqual([
      [1, 0, 1],
      ["false", "true"],
    ]);
  });

  it.each([
    ["the first column, if it counts from 0", cells(12, (i) => i), { first: true }, "it counts the rows"],
    ["the first column, if it counts from 1", cells(12, (i) => i + 1), { first: true, name: "time" }, "it counts the rows"],
    ["whole numbers under the name of an id", cells(12, (i) => 1000 - 7 * i), { name: "customer_id" }, "says which row this is"],
    ["the same in camel case", cells(12, (i) => 1000 - 7 * i), { name: "PassengerId" }, "says which row this is"],
    ["a nameless column of them", cells(12, (i) => (i * 5) % 12), { name: "", first: true }, "says which row this is"],
  ])("leaves out %s", (_name, cells, options, why) => {
    expect(column(cells, options)).toMatchObject({ kind: "left out", why: expect.stringContaining(why) });
  });

  it.each([
    ["a second column that counts", cells(12, (i) => i), {}],
    ["a first column that begins elsewhere", cells(12, (i) => i + 1990), { first: true, name: "year" }],
    ["an id that occurs twice", cells(12, (i) => i % 6), { name: "shop_id" }],
    ["an id that is no whole number", cells(12, (i) => i / 2), { name: "id" }],
    ["a name that only ends in the letters", cells(12, (i) => 1000 - 7 * i), { name: "paid" }],
  ])("keeps %s", (_name, cells, options) => {
    expect(column(cells, options).kind).toBe("number");
  });

  it("keeps a column that counts if there is no other to learn from", () => {
    const table = parseTable(["x,y", ...cells(12, (i) => `${i},${i % 2}`)].join("\n"), "t.csv");
    expect(readColumn(table, 0, ".").kind).toBe("number");
  });

  it.each([
    [
      "a word among numbers",
      "many",
      /^t\.csv:5: expected a number in column "x", as in 19 of 20 rows, got "many" - correct the cell, or leave it/,
    ],
    ["a number with a unit among numbers", "3 kg", /^t\.csv:5: .*got "3 kg"/],
    ["a decimal comma among decimal points", "3,5", /^t\.csv:5: .*got "3,5"/],
    ["what is infinite", "Infinity", /^t\.csv:5: .*got "Infinity"/],
    ["a number beyond float32", "1e39", /^t\.csv:5: expected a number within 3\.4e38 in column "x", got "1e39"/],
  ])("refuses %s, with line and column", (_name, cell, message) => {
    const wrong = () => column(cells(20, (i) => (i === 3 ? cell : i / 4)));
    expect(wrong).toThrow(message);
    expect(wrong).toThrow(expect.objectContaining({ name: "UserError" }));
  });
});
