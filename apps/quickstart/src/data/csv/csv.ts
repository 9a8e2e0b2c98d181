import { UserError } from "../../user-error";
import { counted, quoted } from "../../words";
import { type DataSource, generatorFor } from "../source";
import { splitStratified } from "../split";
import { decimalMarkOf } from "./cells";
import { type Column, readColumn } from "./columns";
import { type Encoding, encodeRows, encodingOf } from "./encode";
import { type ColumnNote, noteLines } from "./notes";
import { type CsvTable, parseTable } from "./table";
import { readTarget } from "./target";
import { readText } from "./text";

/**
 * A person's table as a source: `target` says what the models are to find out, and every other column becomes numbers or is left out.
 * A quarter of each class is kept aside; what is learned about columns is learned from the other rows.
 *
 * @throws UserError, with line and column, for a table that cannot be used.
 */
export function csvSource(file: string, target: string): DataSource {
  return tableSource(readText(file), { name: file, target });
}

/** The same for text at hand; messages call it `name`. */
export function tableSource(text: string, { name, target }: { name: string; target: string }): DataSource {
  const whole = parseTable(text, name);
  const mark = decimalMarkOf(cellsOf(whole), whole.separator);
  const { table, classes, labels, question, note } = readTarget(whole, target, mark);
  const columns = table.names.map((column, i): Column | null => (column === target ? null : readColumn(table, i, mark)));
  const usable = columns.filter((column): column is Usable => column !== null && column.kind !== "left out");
  if (usable.length === 0) {
    const [first] = columns.filter((column) => column !== null && column.kind === "left out");
    throw new UserError(
      `${name}: expected a column beside ${quoted(target)} to learn from, got none that can be used` +
        (first?.kind === "left out" ? ` (${quoted(first.name)}: ${first.why})` : ""),
    );
  }
  return {
    name,
    classes,
    question: { text: question, yes: [classes.length - 1] },
    about:
      `${name}: ${counted(table.records.length, "row")}, cells separated by ${SEPARATOR_WORDS[table.separator]}` +
      `${mark === "," ? ", decimals after a comma" : ""}. A quarter of each class is kept aside to judge by.`,
    labelNoise: 0,
    split(seed, size) {
      const indices = splitStratified(labels, classes.length, generatorFor(seed, "rows"), size);
      const encodings = new Map(usable.map((column) => [column, encodingOf(column, indices.train)]));
      const notes = columns.map((column, i): ColumnNote => {
        const named = table.names[i] as string;
        if (column === null) return { name: named, text: note };
        if (column.kind === "left out") return { name: named, text: `left out: ${column.why}` };
        const { note: text, range } = encodings.get(column) as Encoding;
        return { name: named, text, ...(range && { range }) };
      });
      const rows = (chosen: readonly number[]) => encodeRows([...encodings.values()], labels, chosen);
      return { train: rows(indices.train), test: rows(indices.test), columns: noteLines(notes) };
    },
  };
}

// --- internal helpers ---

type Usable = Exclude<Column, { kind: "left out" }>;

function* cellsOf({ records }: CsvTable): Iterable<string> {
  for (const { cells } of records) yield* cells;
}

const SEPARATOR_WORDS: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };
