import { UserError } from "../../user-error";
import { quoted } from "../../words";

/** One row of CSV text. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line of the text at which it begins, counted from 1. */
  readonly line: number;
}

const LINE_BREAK = /\r\n|\n|\r/g;

/**
 * Cuts CSV text into records, as RFC 4180 has it and as programs write it: a quoted cell may hold separators, line breaks and, doubled,
 * quotes; a quote inside a cell that begins with none is a character (`5" disk`); lines end in LF, CRLF or CR, mixed as they like. Blanks
 * at both ends of a cell do not count, nor do blank lines.
 *
 * A parser of our own since all that it says must name the line that a person has to change: where a record begins, which line breaks in
 * cells move, and where a quote opens that nothing closes.
 *
 * @throws UserError, with `name` and the line, for quotes that do not pair.
 */
export function parseRecords(text: string, { name, separator }: { name: string; separator: string }): CsvRecord[] {
  const plain = new RegExp(`[^${separator === "|" ? "\\|" : separator}\r\n]*`, "y");
  const blank = new RegExp(separator === "\t" ? " *" : "[ \t]*", "y");
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;

  /** The text at `at` that `pattern` fits, passed over. */
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  const takeQuoted = (): string => {
    const opening = line;
    let cell = "";
    for (;;) {
      const end = text.indexOf('"', at + 1);
      if (end < 0) {
        throw new UserError(
          `${name}:${opening}: expected an end of the quoted cell that begins in this line, got none in the rest of the file - ` +
            `close it with a quote, or double a quote that is part of the text`,
        );
      }
      cell += text.slice(at + 1, end);
      at = end + 1;
      if (text[at] !== '"') break;
      cell += '"';
    }
    line += cell.match(LINE_BREAK)?.length ?? 0;
    take(blank);
    const rest = take(plain);
    if (rest !== "") {
      const where = line === opening ? "" : ` (the cell begins in line ${opening})`;
      throw new UserError(
        `${name}:${line}: expected a separator or the end of the line after a quoted cell${where}, got ${quoted(rest)} - ` +
          `double a quote that is part of the text`,
      );
    }
    return cell.trim();
  };

  while (at < text.length) {
    const begin = line;
    const cells: string[] = [];
    do {
      if (cells.length > 0) at++; // the separator
      const start = at;
      take(blank);
      if (text[at] === '"') cells.push(takeQuoted());
      else {
        at = start;
        cells.push(take(plain).trim());
      }
    } while (text[at] === separator);
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line++;
    if (cells.length > 1 || cells[0] !== "") records.push({ cells, line: begin });
  }
  return records;
}
