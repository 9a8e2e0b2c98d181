import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { fileError, UserError } from "../user-error";
import { type DataSource, generatorFor, type Rows } from "./source";
import { splitStratified, standardize } from "./split";

/** Fewer rows than this cannot be split into a part to learn from and a part to judge by. */
const MIN_ROWS = 10;

/** A target with more values than this is a quantity, not a class. */
const MAX_CLASSES = 20;

/** A table read from CSV text: numeric columns, and one of them made into two classes. */
export interface CsvTable {
  readonly rows: Rows;
  /** What class 1 means, e.g. `label = 1`. */
  readonly question: string;
}

/**
 * Reads CSV text with a header and numeric columns. The separator is the comma, semicolon or tab that the header has most of.
 *
 * Class 1 is the larger value of `target`; with more than two values it is the largest, and all others are class 0.
 *
 * @param name Shown in messages, before the line number.
 * @throws UserError, with line number and column name, for a table that cannot be used.
 */
export function parseCsv(text: string, { name, target }: { name: string; target: string }): CsvTable {
  const [header, ...records] = readRecords(text, name);
  if (header === undefined) throw new UserError(`${name}: expected a header and rows, got an empty file`);
  const columns = checkHeader(header, name);
  const targetIndex = columns.indexOf(target);
  if (targetIndex < 0) throw new UserError(`${name}: expected a column ${quote(target)} (--target), got ${list(columns.map(quote))}`);
  if (columns.length < 2) throw new UserError(`${name}: expected a column beside the target, got only ${quote(target)}`);
  if (records.length < MIN_ROWS) throw new UserError(`${name}: expected at least ${MIN_ROWS} rows below the header, got ${records.length}`);

  const features = columns.length - 1;
  const inputs = new Float32Array(records.length * features);
  const classes: number[] = [];
  let next = 0;
  for (const record of records) {
    if (record.cells.length !== columns.length) {
      throw new UserError(
        `${name}:${record.line}: expected ${columns.length} cells as in the header, got ${record.cells.length} - ` +
          (record.cells.length < columns.length
            ? `${quote(columns[record.cells.length])} is missing`
            : "quote cells that hold a separator"),
      );
    }
    record.cells.forEach((cell, column) => {
      const value = toNumber(cell, `${name}:${record.line}`, columns[column] as string);
      if (column === targetIndex) classes.push(value);
      else inputs[next++] = value;
    });
  }
  const positive = positiveClass(classes, `${name}: column ${quote(target)}`);
  const targets = Float32Array.from(classes, (value) => (value === positive ? 1 : 0));
  return { rows: { count: records.length, features, inputs, targets }, question: `${target} = ${positive}` };
}

/** A CSV file as a source: a quarter of each class is kept aside, and columns are brought to mean 0 and deviation 1. */
export function csvSource(file: string, target: string): DataSource {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fileError(file, error);
  }
  const { rows, question } = parseCsv(text, { name: file, target });
  return {
    name: file,
    features: rows.features,
    about:
      `${file}: ${rows.count.toLocaleString("en")} rows, ${rows.features} columns beside the target. The models answer "${question}?". ` +
      "A quarter of each class is kept aside as test rows; columns are scaled to mean 0, deviation 1.",
    labelNoise: 0,
    split: (seed, size) => standardize(splitStratified(rows, generatorFor(seed, "rows"), size)),
  };
}

// --- internal helpers ---

interface CsvRecord {
  readonly cells: readonly string[];
  /** The line it begins at, counted from 1. */
  readonly line: number;
}

function readRecords(text: string, name: string): CsvRecord[] {
  try {
    const parsed = parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      info: true,
      relax_column_count: true, // counted by the caller, which knows the columns' names
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    // The parser reports the line a record ends at; a quoted cell may hold line breaks.
    return parsed.map(({ record, info }) => ({ cells: record, line: info.lines - record.join("").split("\n").length + 1 }));
  } catch (error) {
    if (error instanceof CsvError) throw new UserError(`${name}:${error.lines ?? "?"}: ${error.message}`);
    throw error;
  }
}

function separatorOf(text: string): string {
  const header = text.split(/\r?\n/, 1)[0] ?? "";
  const counts = [",", ";", "\t"].map((separator) => ({ separator, count: header.split(separator).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).separator;
}

function checkHeader({ cells, line }: CsvRecord, name: string): readonly string[] {
  if (cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)))) {
    throw new UserError(
      `${name}:${line}: expected a header with the names of the columns, got numbers (${list(cells)}) - add a first line of names`,
    );
  }
  cells.forEach((cell, i) => {
    if (cell === "") throw new UserError(`${name}:${line}: expected a name for column ${i + 1}, got an empty cell`);
    if (cells.indexOf(cell) !== i) throw new UserError(`${name}:${line}: expected each column once, got ${quote(cell)} twice`);
  });
  return cells;
}

function toNumber(text: string, place: string, column: string): number {
  const cell = text.trim(); // the parser trims around quotes, not within
  // Number("") is 0 and Number("0x10") is 16, neither of which a table means; float32 holds up to 3.4e38.
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) {
    throw new UserError(`${place}: expected a number in column ${quote(column)}, got ${cell === "" ? "an empty cell" : quote(cell)}`);
  }
  const value = Number(cell);
  if (!Number.isFinite(Math.fround(value)))
    throw new UserError(`${place}: expected a number within 3.4e38 in column ${quote(column)}, got ${cell}`);
  return value;
}

function positiveClass(values: readonly number[], place: string): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const classes = [...counts.keys()].sort((a, b) => a - b);
  const positive = classes.at(-1) as number;
  if (classes.length < 2) throw new UserError(`${place}: expected at least two classes, got only ${positive} in every row`);
  if (classes.length > MAX_CLASSES) {
    throw new UserError(
      `${place}: expected at most ${MAX_CLASSES} classes, got ${classes.length} different values - choose a column that holds classes`,
    );
  }
  const rare =
    (counts.get(positive) as number) < 2 ? positive : values.length - (counts.get(positive) as number) < 2 ? classes[0] : undefined;
  if (rare !== undefined) throw new UserError(`${place}: expected at least two rows of each class, got one of ${rare}`);
  return positive;
}

function quote(text: string | undefined): string {
  return JSON.stringify(text ?? "");
}

/** At most the first eight, so that a message stays one readable line. */
function list(items: readonly string[]): string {
  return items.length <= 8 ? items.join(", ") : `${items.slice(0, 8).join(", ")}, … (${items.length} in all)`;
}
