/**
 * Writes the tables of backends in README.md and docs/choosing-a-backend.md, between two markers each, from the reports of the conformance suite and the
 * sizes of bundles. Arguments: `--check` only compares, and fails where a table is out of date.
 *
 *     npm test -- conformance
 *     node scripts/backend-table.mjs
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundledSize } from "./sizes.mjs";
import { readJson, root } from "./workspace.mjs";

const START = "<!-- backends:start -->";
const END = "<!-- backends:end -->";

/**
 * @typedef {object} Known What the reports cannot tell.
 * @property {string} package
 * @property {string} runs
 * @property {string} [code] A program that uses the backend, to be measured; for browsers only.
 */

/** The backends of this project. @type {Record<string, Known>} */
const KNOWN = {
  cpu: { package: "@dropwise/core", runs: "any engine with ES2022", code: 'import * as core from "@dropwise/core"; console.log(core);' },
  native: { package: "@dropwise/backend-native", runs: "Node" },
  wasm: {
    package: "@dropwise/backend-wasm",
    runs: "any engine with WebAssembly SIMD",
    code: 'import { createWasmBackend } from "@dropwise/backend-wasm"; console.log(createWasmBackend);',
  },
  webgpu: {
    package: "@dropwise/backend-webgpu",
    runs: "browsers, Deno, and Node through the `webgpu` package",
    code: 'import { createWebGPUBackend } from "@dropwise/backend-webgpu"; console.log(createWebGPUBackend);',
  },
};

/** @typedef {{ dtypes: string[], hostVisible: boolean, threads: number, device: string, maxBufferBytes: number }} Info */
/** @typedef {{ backend: string, runtime: string, info: Info | null, total: Record<string, number> }} Report */
/** @typedef {{ name: string, known: Known, infos: Info[], own: Report[] }} Backend */

/** What a table may tell of a backend. @type {Record<string, (backend: Backend) => string | Promise<string>>} */
const FACTS = {
  package: ({ known }) => `\`${known.package}\``,
  "runs on": ({ known }) => known.runs,
  "element types": ({ infos }) => (infos[0]?.dtypes ?? []).join(", "),
  "reads without waiting": ({ infos }) => (infos[0]?.hostVisible ? "yes" : "no"),
  "conformance tests passed": ({ own }) => results(own),
  "tested as": ({ infos }) => withoutPrefixes(infos.map(({ device }) => device)).join(", "),
  "tested with threads": ({ infos }) => [...new Set(infos.map(({ threads }) => threads))].sort((a, b) => a - b).join(", "),
  "largest tensor there": ({ infos }) => `${Math.round(Math.max(...infos.map(({ maxBufferBytes }) => maxBufferBytes)) / 2 ** 30)} GiB`,
  "minified and gzipped": size,
};

/** `across`: one column for each backend, for tables of many facts. @type {{ file: string, facts: string[], across?: boolean }[]} */
const PAGES = [
  { file: "README.md", facts: ["package", "runs on", "element types", "reads without waiting", "conformance tests passed"] },
  { file: "docs/choosing-a-backend.md", facts: Object.keys(FACTS), across: true },
];

const backends = testedBackends();
for (const { file, facts, across = false } of PAGES) {
  const rows = await Promise.all(
    facts.map(async (fact) => [fact, ...(await Promise.all(backends.map((backend) => FACTS[fact]?.(backend) ?? "")))]),
  );
  const head = ["backend", ...backends.map(({ name }) => `\`${name}\``)];
  const updated = withTable(file, across ? [["", ...head.slice(1)], ...rows] : transposed([head, ...rows]));
  const isCurrent = updated === readFileSync(join(root, file), "utf8");
  if (!process.argv.includes("--check")) writeFileSync(join(root, file), updated);
  else if (!isCurrent) process.exitCode = 1;
  console.log(`${isCurrent ? "ok     " : process.argv.includes("--check") ? "FAILED " : "written"} ${file}: ${head.slice(1).join(", ")}`);
}

// --- internal helpers ---

/** The known backends of which there are reports; a backend's own, and those of its variants, such as native-avx2-1. @returns {Backend[]} */
function testedBackends() {
  const folder = process.env.DROPWISE_REPORT ?? join(root, "packages", "conformance", "report");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const reports = names.map((name) => /** @type {Report} */ (readJson(join(folder, name))));
  const tested = Object.entries(KNOWN).flatMap(([name, known]) => {
    const own = reports.filter(({ backend }) => backend === name || /^[ -]/.test(backend.replace(name, "")));
    const infos = own.flatMap(({ info }) => (info === null ? [] : [info]));
    return infos.length === 0 ? [] : [{ name, known, infos, own: own.filter(({ info }) => info !== null) }];
  });
  if (tested.length > 0) return tested;
  console.error(`backend-table: expected reports of the conformance suite in ${folder}, got none - run \`npm test -- conformance\` first`);
  process.exit(1);
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

/** Each name once, and none that another begins with: browsers tell less of a device than Node. @param {string[]} names */
function withoutPrefixes(names) {
  return [...new Set(names)].filter((name) => !names.some((other) => other !== name && other.startsWith(name)));
}

/** Core by itself, and what a backend adds to it. @param {Backend} backend */
async function size({ known: { code, package: from } }) {
  if (code === undefined) return "a binary, not for bundles";
  const bytes = await bundledSize(code, from === "@dropwise/core" ? undefined : /^@dropwise\/core/);
  return `${Math.round(bytes / 1024)} kB${from === "@dropwise/core" ? ", all of core" : ""}`;
}

/** The page with a table between its markers. @param {string} file @param {string[][]} lines */
function withTable(file, lines) {
  const text = readFileSync(join(root, file), "utf8");
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) {
    console.error(`backend-table: expected ${START} and ${END} in ${file}, got ${start < 0 ? "neither" : "only the first"}`);
    process.exit(1);
  }
  return `${text.slice(0, start + START.length)}\n${table(lines)}\n${text.slice(end)}`;
}

/** @param {string[][]} lines @returns {string[][]} */
function transposed(lines) {
  return (lines[0] ?? []).map((_, i) => lines.map((line) => line[i] ?? ""));
}

/** A Markdown table with columns of equal width. @param {string[][]} lines */
function table(lines) {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const row = /** @param {string[]} cells */ (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = lines;
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...body.map(row)].join("\n");
}
