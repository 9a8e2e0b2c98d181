import Table from "cli-table3";
import pc from "picocolors";
import { shortened } from "../words";
import type { Io } from "./io";
import { createProgress, type Progress } from "./progress";

/** How results are shown to people. */
export interface Screen {
  /** A title with a blank line before it. */
  heading(text: string): void;
  line(text?: string): void;
  /** A paragraph, wrapped at the width of the page. */
  text(paragraph: string): void;
  /** Names, each with what there is to say of it, wrapped beside it. */
  list(entries: readonly (readonly [name: string, text: string])[]): void;
  /** A paragraph that says what to take from the lines above it. */
  notice(paragraph: string): void;
  /** Columns under a head; the first is aligned left, the others right. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  progress(label: string, total: number): Progress;
}

/** The width that paragraphs are wrapped at: narrow enough to read well, and to fit the usual 80 columns. */
export const PAGE_WIDTH = 78;

/** A name in a list is cut at this length, so that there is room for what is said of it. */
const LONGEST_NAME = 28;

/** What stands before everything but headings. */
const INDENT = "  ";

/** A screen on `io.stdout`, with colours where that is a terminal. `quiet` shows nothing but moving bars, for `--json`. */
export function createScreen(io: Io, { quiet }: { quiet: boolean }): Screen {
  const colors = pc.createColors(pc.isColorSupported && io.stdout.isTTY === true);
  const line = (text = ""): void => {
    if (!quiet) io.stdout.write(text === "" ? "\n" : `${INDENT}${text}\n`);
  };
  return {
    heading(text) {
      if (!quiet) io.stdout.write(`\n${colors.bold(text)}\n`);
    },
    line,
    text(paragraph) {
      for (const row of wrap(paragraph)) line(row);
    },
    list(entries) {
      const names = entries.map(([name]) => shortened(name, LONGEST_NAME));
      const width = Math.max(0, ...names.map((name) => name.length));
      entries.forEach(([, text], i) => {
        wrap(text, " ".repeat(width + 3)).forEach((row, j) => {
          line(j === 0 ? (names[i] as string).padEnd(width + 3) + row.trimStart() : row);
        });
      });
    },
    notice(paragraph) {
      for (const row of wrap(paragraph, "> ")) line(colors.cyan(row));
    },
    table(head, rows) {
      const columns = head.length;
      const table = new Table({
        head: head.map((cell) => colors.dim(cell)),
        colAligns: head.map((_, i) => (i === 0 ? "left" : "right")),
        chars: PLAIN_RULES,
        style: { head: [], border: [], "padding-left": 0, "padding-right": columns > 5 ? 2 : 3 },
      });
      table.push(...rows.map((row) => [...row]));
      for (const row of table.toString().split("\n")) line(row.trimEnd());
    },
    progress: (label, total) => createProgress(io, { label, total, quiet, line }),
  };
}

// --- internal helpers ---

/** No lines: the alignment alone makes the columns. */
const PLAIN_RULES = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"])
    .map((name) => [name, ""]),
);

/** Cuts a paragraph into rows, the first of which begins with `mark` and the others with as many blanks. A longer word has a row to itself. */
function wrap(paragraph: string, mark = ""): string[] {
  const rows: string[] = [];
  let row = mark;
  let empty = true;
  for (const word of paragraph.split(/\s+/)) {
    if (!empty && INDENT.length + row.length + 1 + word.length > PAGE_WIDTH) {
      rows.push(row);
      row = " ".repeat(mark.length);
      empty = true;
    }
    row += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...rows, row];
}
