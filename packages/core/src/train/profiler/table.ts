import { formatShape } from "../../shape/shape";
import type { ProfileRow } from "./summary";

/** What a table says beside its rows. */
export interface TableFacts {
  /** Milliseconds of the whole profile. */
  readonly time: number;
  /** Rows that are left out. */
  readonly hidden: number;
  /** Backends that only queue what they are told. */
  readonly queues: readonly string[];
  /** Show the shapes of each row. */
  readonly showShapes: boolean;
}

/** Rows as a table for a terminal. */
export function tableOf(rows: readonly ProfileRow[], { time, hidden, queues, showShapes }: TableFacts): string {
  const columns: readonly Column[] = showShapes ? [...COLUMNS, SHAPES] : COLUMNS;
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row, time)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => (line[i] as string).length)));
  const lines = cells.map((line) =>
    line
      .map((text, i) => (columns[i]?.isText ? text.padEnd(widths[i] as number) : text.padStart(widths[i] as number)))
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  if (hidden > 0) lines.push(`(${hidden} more)`);
  lines.push(`total ${formatTime(time)}`);
  for (const name of queues)
    lines.push(`${name} works by a queue: its rows say how long the host took to fill it, the total also waited for it`);
  return lines.join("\n");
}

// --- internal helpers ---

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly cell: (row: ProfileRow, total: number) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "name", isText: true, cell: ({ name }) => name },
  { title: "backend", isText: true, cell: ({ backend }) => backend ?? "" },
  { title: "calls", cell: ({ calls }) => String(calls) },
  { title: "self %", cell: ({ selfTime }, total) => `${((100 * selfTime) / (total || 1)).toFixed(1)}%` },
  { title: "self", cell: ({ selfTime }) => formatTime(selfTime) },
  { title: "total", cell: ({ time }) => formatTime(time) },
  { title: "average", cell: ({ time, calls }) => formatTime(time / calls) },
  { title: "bytes", cell: ({ kind, bytes }) => (kind === "op" ? formatBytes(bytes) : "") },
];

const SHAPES: Column = { title: "shapes", isText: true, cell: ({ shapes }) => (shapes[0] ?? []).map(formatShape).join(" ") };

/** Three digits or so, with the unit that suits them. */
function formatTime(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 1 ? `${ms.toFixed(2)} ms` : `${(ms * 1000).toFixed(1)} us`;
}

/** A kB is 1,024 bytes. */
function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 4);
  return unit === 0 ? `${bytes} B` : `${(bytes / 2 ** (10 * unit)).toFixed(1)} ${["", "kB", "MB", "GB", "TB"][unit]}`;
}
