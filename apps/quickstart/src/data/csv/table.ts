import { UserError } from "../../user-error";
import { listed, quoted } from "../../words";
import { type CsvRecord, parseRecords } from "./records";

/** A table as it is written: a name for each column, and as many cells in each row. */
export interface CsvTable {
  /** How messages call it, before a line number. */
  readonly name: string;
  readonly separator: string;
  readonly names: readonly string[];
  readonly records: readonly CsvRecord[];
}

/** What may stand between cells. */
const SEPARATORS = [",", ";", "\t", "|"];

/** The first line that spreadsheets write, or want, to say which separator follows. */
const SEPARATOR_LINE = /^sep=([,;\t|])(?=\r|\n)/i;

/**
 * Reads a table with a header. The separator is found out from the first lines. A column without a name is called by its place.
 *
 * @param name How messages call it.
 * @throws UserError, with the line, for text that is no table.
 */
export function parseTable(text: string, name: string): CsvTable {
  const marked = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const said = SEPARATOR_LINE.exec(marked);
  const body = said === null ? marked : marked.slice(said[0].length); // what is left begins with the end of line 1, so that lines count on
  const separator = said?.[1] ?? separatorOf(body);
  const [header, ...records] = parseRecords(body, { name, separator });
  if (header === undefined) throw new UserError(`${name}: expected a header and rows, got an empty file - check the path`);
  const names = columnNames(header, name);
  for (const record of records) if (record.cells.length !== names.length) throw raggedRow(record, names, name);
  return { name, separator, names, records };
}

// --- internal helpers ---

/** The separator that cuts the first two lines into equally many cells; if several do, or none, the one that cuts the header into most. */
function separatorOf(text: string): string {
  const [header = "", first = header] = text
    .slice(0, 1e6)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "");
  const ranked = SEPARATORS.map((separator) => {
    const cells = cellsIn(header, separator);
    return { separator, rank: cells + (cells > 1 && cells === cellsIn(first, separator) ? 1e6 : 0) };
  });
  return ranked.reduce((best, next) => (next.rank > best.rank ? next : best)).separator;
}

/** Cells of a line; what is quoted holds no separators. */
function cellsIn(line: string, separator: string): number {
  return line.replace(/"[^"]*"/g, "").split(separator).length;
}

function columnNames({ cells, line }: CsvRecord, name: string): string[] {
  const named = cells.filter((cell) => cell !== "");
  if (named.every((cell) => Number.isFinite(Number(cell)))) {
    const got = named.length === 0 ? "empty cells" : `numbers (${listed(named)})`;
    throw new UserError(`${name}:${line}: expected a header with the names of the columns, got ${got} - add a first line of names`);
  }
  return cells.map((cell, i) => {
    const first = cells.indexOf(cell);
    if (cell !== "" && first !== i) {
      throw new UserError(
        `${name}:${line}: expected each column once in the header, got ${quoted(cell)} as columns ${first + 1} and ${i + 1} - rename one`,
      );
    }
    return cell === "" ? `column ${i + 1}` : cell;
  });
}

function raggedRow({ cells, line }: CsvRecord, names: readonly string[], name: string): UserError {
  const missing = names[cells.length];
  const isBlank = cells.slice(names.length).every((cell) => cell === "");
  const fix =
    missing !== undefined
      ? `${quoted(missing)} is missing`
      : isBlank
        ? "remove the separators at its end"
        : "quote cells that hold a separator, such as a decimal comma";
  return new UserError(`${name}:${line}: expected ${names.length} cells as in the header, got ${cells.length} - ${fix}`);
}
