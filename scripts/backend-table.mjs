/**
 * Writes the table of backends in README.md, between its two markers, from the reports of the conformance suite. Arguments: `--check` only
 * compares, and fails where the table is out of date.
 *
 *     DROPWISE_REPORT=packages/conformance/report npx vitest run --reporter=default --reporter=./packages/conformance/src/reporter.ts conformance
 *     node scripts/backend-table.mjs
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "./workspace.mjs";

const START = "<!-- backends:start -->";
const END = "<!-- backends:end -->";

/** What each backend of this project is, where the report cannot tell. @type {Record<string, { package: string, runs: string }>} */
const KNOWN = {
  cpu: { package: "@dropwise/core", runs: "any engine with ES2022" },
  native: { package: "@dropwise/backend-native", runs: "Node" },
  wasm: { package: "@dropwise/backend-wasm", runs: "any engine with WebAssembly SIMD" },
  webgpu: { package: "@dropwise/backend-webgpu", runs: "browsers, Deno, and Node through the `webgpu` package" },
};

/** @typedef {{ backend: string, runtime: string, info: { dtypes: string[], hostVisible: boolean } | null, total: Record<string, number> }} Report */

const folder = process.env.DROPWISE_REPORT ?? join(root, "packages", "conformance", "report");
const page = join(root, "README.md");

/** @type {Report[]} */
const reports = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => readJson(join(folder, name)))
  : [];
/** A backend's own reports, and those of its variants, such as native-avx2-1. @param {string} name */
const reportsOf = (name) => reports.filter(({ backend, info }) => (backend === name || backend.startsWith(`${name}-`)) && info !== null);
const names = Object.keys(KNOWN).filter((name) => reportsOf(name).length > 0);
if (names.length === 0) {
  console.error(`backend-table: expected reports of the conformance suite in ${folder}, got none - run it with its reporter first`);
  process.exit(1);
}

const rows = names.map((name) => {
  const own = reportsOf(name);
  const { package: from, runs } = KNOWN[name] ?? { package: "", runs: "" };
  const { dtypes = [], hostVisible = false } = own[0]?.info ?? {};
  return [`\`${name}\``, `\`${from}\``, runs, dtypes.join(", "), hostVisible ? "yes" : "no", results(own)];
});

const text = readFileSync(page, "utf8");
const [start, end] = [text.indexOf(START), text.indexOf(END)];
if (start < 0 || end < start) {
  console.error(`backend-table: expected ${START} and ${END} in README.md, got ${start < 0 ? "neither" : "only the first"}`);
  process.exit(1);
}
const headings = ["backend", "package", "runs on", "element types", "reads without waiting", "conformance tests passed"];
const updated = `${text.slice(0, start + START.length)}\n${table([headings, ...rows])}\n${text.slice(end)}`;

if (process.argv.includes("--check")) {
  console.log(
    updated === text ? "ok     README.md's backends are those of the reports" : "FAILED README.md's backends are not those of the reports",
  );
  process.exitCode = updated === text ? 0 : 1;
} else {
  writeFileSync(page, updated);
  console.log(`README.md: ${names.join(", ")}`);
}

/** How each runtime did, all variants together: "466 of 466 in node". @param {Report[]} own */
function results(own) {
  const runtimes = [...new Set(own.map(({ runtime }) => runtime))].sort((a, b) => a.localeCompare(b));
  return runtimes
    .map((runtime) => {
      const totals = own.filter((report) => report.runtime === runtime).map(({ total }) => total);
      const sum = (/** @type {string[]} */ ...keys) =>
        totals.reduce((all, total) => all + keys.reduce((n, key) => n + (total[key] ?? 0), 0), 0);
      return `${sum("passed")} of ${sum("passed", "failed", "skipped")} in ${runtime}`;
    })
    .join("; ");
}

/** A Markdown table with columns of equal width. @param {string[][]} lines */
function table(lines) {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const row = /** @param {string[]} cells */ (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = lines;
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...body.map(row)].join("\n");
}
