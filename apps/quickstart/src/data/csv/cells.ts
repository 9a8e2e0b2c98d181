/** What the text of one cell says. */

/** How programs and people write that there is no value; case does not count. */
const MISSING = new Set([
  ...["", "na", "n/a", "n.a.", "<na>", "nan", "null", "none", "?", "-", "--", "."],
  ...["#n/a", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"], // what spreadsheets write where a formula failed
]);

/** Whether a cell stands for a value that is not there. */
export function isMissing(cell: string): boolean {
  return MISSING.has(cell.toLowerCase());
}

/** What stands before the decimals. */
export type DecimalMark = "." | ",";

/**
 * The number that a cell holds, or NaN. Thousands may be set apart by the other mark, an apostrophe or a blank: `1,234.5` and, with decimal
 * commas, `1.234,5`. What Number() takes beyond that (`0x10`, `Infinity`, nothing) is no number of a table.
 */
export function toNumber(cell: string, mark: DecimalMark): number {
  const { plain, grouped, marks } = NUMBERS[mark];
  if (plain.test(cell)) return Number(mark === "." ? cell : cell.replace(",", "."));
  return grouped.test(cell) ? Number(cell.replace(marks, "").replace(",", ".")) : Number.NaN;
}

/** The numbers of a column, read with the decimal mark of the table, or with the other one if that makes sense of more cells; else NaN. */
export function toNumbers(cells: readonly (string | null)[], mark: DecimalMark): Float64Array {
  const [numbers, others] = ([mark, mark === "." ? "," : "."] as const).map((candidate) =>
    Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : toNumber(cell, candidate))),
  ) as [Float64Array, Float64Array];
  const gaps = (values: Float64Array): number => values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  return gaps(others) < gaps(numbers) ? others : numbers;
}

/**
 * The decimal mark of a table: the one with which more of its cells are numbers. Where none tells (`1,234` is one with both), it is the comma
 * if semicolons separate the cells, which people do who need the comma for something else.
 */
export function decimalMarkOf(cells: Iterable<string>, separator: string): DecimalMark {
  let commas = 0;
  for (const cell of cells) {
    if (!/[.,]/.test(cell)) continue;
    const isComma = !Number.isNaN(toNumber(cell, ","));
    if (isComma === Number.isNaN(toNumber(cell, "."))) commas += isComma ? 1 : -1;
  }
  return commas > 0 || (commas === 0 && separator === ";") ? "," : ".";
}

/** The two words of a yes and a no; the second is the yes. */
const BOOLEANS = [
  ["false", "true"],
  ["no", "yes"],
  ["n", "y"],
  ["f", "t"],
  ["off", "on"],
] as const;

/** The two words, in lower case, if all cells are one of them. */
export function booleanWords(cells: readonly string[]): readonly [no: string, yes: string] | undefined {
  const words = new Set(cells.map((cell) => cell.toLowerCase()));
  return words.size === 2 ? BOOLEANS.find((pair) => pair.every((word) => words.has(word))) : undefined;
}

// --- internal helpers ---

const NUMBERS = {
  ".": {
    plain: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
    grouped: /^[+-]?[1-9]\d{0,2}([,'’\u00A0\u202F ]\d{3})+(\.\d+)?$/,
    marks: /[,'’\u00A0\u202F ]/g,
  },
  ",": {
    plain: /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i,
    grouped: /^[+-]?[1-9]\d{0,2}([.'’\u00A0\u202F ]\d{3})+(,\d+)?$/,
    marks: /[.'’\u00A0\u202F ]/g,
  },
} as const;
