import Table from "cli-table3";
import pc from "picocolors";
import type { BundleSize } from "../bundles/bundles";
import type { MemoryResult } from "../memory/memory";
import { ABOUT, type Op } from "../task";
import type { Comparison } from "./compare";
import { digits, duration, percent } from "./numbers";
import { RATIO_TITLE, torchRatios, torchTimes } from "./ratios";
import type { Figure } from "./result";

/** The figures of one op as a table for the terminal. */
export function figureTable(op: Op, figures: readonly Figure[]): string {
  const peer = torchTimes(figures);
  const head = [
    "size",
    "backend",
    figures[0]?.unit ?? "",
    "best call",
    "median",
    "spread",
    "x copy",
    ...(peer.size > 0 ? ["x torch"] : []),
  ];
  let last = "";
  const rows = figures.map((figure) => {
    const size = figure.size === last ? "" : figure.size;
    last = figure.size;
    const { competitor, value, min, median, spread, ratio, wide } = figure;
    const spreads = `${percent(spread)}${wide ? " ~" : ""}`;
    const torch = peer.get(figure.size);
    const faster = torch === undefined ? [] : [digits(torch / median)];
    return [size, competitor, digits(value), duration(min), duration(median), spreads, digits(ratio), ...faster];
  });
  return titled(ABOUT[op], head, rows, 2);
}

/** Peak memory, in tensors. */
export function memoryTable(results: readonly MemoryResult[]): string {
  const rows = results.map(({ competitor, size, sum, gradient }) => [size, competitor, sum.toFixed(2), gradient.toFixed(2)]);
  return titled(ABOUT.memory, ["size", "backend", "sum().backward()", "backward(gradient)"], rows, 2);
}

/** What imports weigh. */
export function bundleTable(sizes: readonly BundleSize[]): string {
  const rows = sizes.map(({ name, bytes, limit }) => [name, String(bytes), String(limit)]);
  return titled(ABOUT["bundle-size"], ["import", "bytes", "limit"], rows, 1);
}

/** What moved, and the rest in one line. */
export function comparisonTable({ changes, bundles, onlyBefore, onlyAfter, warnings }: Comparison): string {
  const rows = changes.map(({ op, size, competitor, before, after, factor, verdict }) => {
    const mark = { faster: pc.green("faster"), slower: pc.red("slower"), same: pc.dim("within the spread") }[verdict];
    return [op, size, competitor, duration(before), duration(after), `${digits(factor)}x`, mark];
  });
  const counts = (["faster", "slower", "same"] as const).map((kind) => changes.filter(({ verdict }) => verdict === kind).length);
  return [
    ...warnings.map((warning) => `note: ${warning}`),
    titled("Median time of a call, before and after", ["op", "size", "backend", "before", "after", "factor", ""], rows, 3),
    `${counts[0]} faster, ${counts[1]} slower, ${counts[2]} within the spread`,
    ...bundles.map(({ name, before, after }) => `${name}: ${before} bytes before, ${after} after`),
    ...missing("before", onlyBefore),
    ...missing("after", onlyAfter),
  ].join("\n");
}

/** A line for each operation, layer and training that PyTorch did; empty where there is none. */
export function ratioTable(figures: readonly Figure[]): string {
  const { competitors, rows } = torchRatios(figures);
  if (rows.length === 0) return "";
  let last = "";
  const lines = rows.map(({ op, size, torch, ratios }) => {
    const name = op === last ? "" : op;
    last = op;
    return [name, size, duration(torch), ...ratios.map((ratio) => (ratio === undefined ? "" : digits(ratio)))];
  });
  return titled(RATIO_TITLE, ["op", "size", "torch", ...competitors], lines, 2);
}

// --- internal helpers ---

/** Figures that only one of two results has: by name if they are few, else their number and the first of them. */
function missing(side: string, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const rest = keys.length > 6 ? ` and ${keys.length - 6} more` : "";
  return [`only ${side}: ${keys.slice(0, 6).join(", ")}${rest}`];
}

/** No lines: the alignment alone makes the columns. */
const PLAIN_RULES = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"])
    .map((name) => [name, ""]),
);

/** A bold title over columns, of which the first `left` are aligned left. */
function titled(title: string, head: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const table = new Table({
    head: head.map((cell) => pc.dim(cell)),
    colAligns: head.map((_, i) => (i < left ? "left" : "right")),
    chars: PLAIN_RULES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  table.push(...rows.map((row) => [...row]));
  const lines = table
    .toString()
    .split("\n")
    .map((line) => `  ${line.trimEnd()}`);
  return `\n${pc.bold(title)}\n${lines.join("\n")}`;
}
