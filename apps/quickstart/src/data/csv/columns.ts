import { UserError } from "../../user-error";
import { quoted } from "../../words";
import { booleanWords, type DecimalMark, isMissing, toNumbers } from "./cells";
import type { CsvTable } from "./table";

/** What a column holds. Which kind it is follows from all of its rows: that is what the table is, not what its rows teach. */
export type Column =
  /** NaN where there is no value. */
  | { readonly kind: "number"; readonly name: string; readonly values: Float64Array }
  /** Two words, of which the second counts as 1; every row has a value. */
  | { readonly kind: "boolean"; readonly name: string; readonly values: Float64Array; readonly words: readonly [string, string] }
  /** `null` where there is no value. */
  | { readonly kind: "text"; readonly name: string; readonly values: readonly (string | null)[] }
  /** Of no use to a model. */
  | { readonly kind: "left out"; readonly name: string; readonly why: string };

/** A column with this share of numbers is meant to hold numbers, and what is none is a slip ... */
const MOSTLY = 0.9;

/** ... unless so few values are different and no text stands alone: then they are names, such as those of floors. */
export const FEW_TEXTS = 12;

/** A text column with this share of different values says who a row is, not what it has in common with others. */
const OWN = 0.9;

/**
 * Finds out what a column holds.
 *
 * @throws UserError, with the line, for a cell that is no number among numbers, or too large for one.
 */
export function readColumn(table: CsvTable, index: number, mark: DecimalMark): Column {
  const name = table.names[index] as string;
  const cells = table.records.map((record) => record.cells[index] as string);
  const values = cells.map((cell) => (isMissing(cell) ? null : cell));
  const known = values.filter((value) => value !== null);
  const different = new Set(known).size;
  if (known.length === 0) return { kind: "left out", name, why: "no row has a value" };
  if (different === 1) {
    // That there is a value, or none, may still tell something.
    return known.length < cells.length
      ? { kind: "text", name, values }
      : { kind: "left out", name, why: `every row has the same value, ${quoted(known[0] as string)}` };
  }

  const words = known.length === cells.length ? booleanWords(known) : undefined;
  if (words !== undefined) {
    return { kind: "boolean", name, words, values: Float64Array.from(cells, (cell) => (cell.toLowerCase() === words[1] ? 1 : 0)) };
  }

  const numbers = readNumbers(table, index, mark, values);
  if (numbers === undefined) {
    return different >= OWN * known.length
      ? { kind: "left out", name, why: `nearly every row has a text of its own, such as ${quoted(known[0] as string)}` }
      : { kind: "text", name, values };
  }
  const why = table.names.length > 2 ? countsRows(name, index, numbers) : undefined;
  return why === undefined ? { kind: "number", name, values: numbers } : { kind: "left out", name, why };
}

// --- internal helpers ---

/** The numbers of a column, NaN where there is no value; nothing for a column of text. */
function readNumbers(table: CsvTable, index: number, mark: DecimalMark, values: readonly (string | null)[]): Float64Array | undefined {
  const numbers = toNumbers(values, mark);
  const known = values.filter((value) => value !== null).length;
  const right = numbers.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  if (right < MOSTLY * known || (right < known && areNames(values, numbers))) return undefined;

  const place = (row: number): string => `${table.name}:${table.records[row]?.line}`;
  const column = `column ${quoted(table.names[index] as string)}`;
  values.forEach((value, row) => {
    if (value === null) return;
    const number = numbers[row] as number;
    if (Number.isNaN(number)) {
      throw new UserError(
        `${place(row)}: expected a number in ${column}, as in ${right} of ${known} rows, got ${quoted(value)} - ` +
          "correct the cell, or leave it empty if the value is not known",
      );
    }
    if (!Number.isFinite(Math.fround(number))) {
      throw new UserError(`${place(row)}: expected a number within 3.4e38 in ${column}, got ${quoted(value)} - use a larger unit`);
    }
  });
  return numbers;
}

/** Whether the cells that are no numbers are names rather than slips. */
function areNames(values: readonly (string | null)[], numbers: Float64Array): boolean {
  const texts = values.filter((value, row): value is string => value !== null && Number.isNaN(numbers[row]));
  return new Set(values).size <= FEW_TEXTS && texts.every((text, i) => texts.indexOf(text) !== i || texts.lastIndexOf(text) !== i);
}

/** Names of columns that number the rows; pandas and spreadsheets leave such a column without one. */
const ID_NAMES = [/^(id|index|idx|key|no\.?|nr\.?|#|row(.?(id|no|nr|number))?|unnamed: 0|column 1)$/i, /[^a-z]id$/i, /[a-z]I[dD]$/];

/**
 * Why a column of numbers says which row it is and nothing about it: whole numbers, none twice, under a name that says so; or the first
 * column, if it counts up from 0 or 1. A table is often sorted, and then such a column gives the answers away.
 */
function countsRows(name: string, index: number, numbers: Float64Array): string | undefined {
  if (!numbers.every(Number.isInteger) || new Set(numbers).size < numbers.length) return undefined;
  const start = numbers[0] as number;
  if (index === 0 && (start === 0 || start === 1) && numbers.every((value, row) => value === start + row)) return "it counts the rows";
  return ID_NAMES.some((pattern) => pattern.test(name))
    ? "by its name and values it says which row this is, and nothing about it"
    : undefined;
}
