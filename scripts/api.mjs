/**
 * Checks what the public packages offer: their types against the reports in `packages/NAME/api`, and their comments. `--update` writes the reports.
 * Run `npm run build` first: the backends' types name those of core.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { missingComments } from "./api/comments.mjs";
import { publicPackages } from "./api/entries.mjs";
import { exportedNames, programOf } from "./api/program.mjs";
import { reportsOf } from "./api/report.mjs";
import { root } from "./workspace.mjs";

const update = process.argv.includes("--update");

/**
 * What public classes share with one another: there is nothing to do with it by itself, so it has no name to import. The reports show it all the same.
 */
const SHARED_PARTS = ["TensorHandle", "MaybeDisposable", "DisposeKey", "DISPOSE", "DropoutLayer", "Loss"];

let failed = false;
for (const pkg of publicPackages()) {
  const program = programOf(pkg);
  const reports = reportsOf(pkg, program);
  // A type that one entry point mentions may be exported by another: the contract's are in `@dropwise/core/backend`.
  const exported = new Set([...SHARED_PARTS, ...pkg.entries.flatMap((entry) => exportedNames(program, entry))]);
  const faults = [
    ...reports.flatMap(({ findings }) =>
      findings.filter((finding) => !isExported(finding, exported)).map(({ id, text, place }) => `${place} ${text} (${id})`),
    ),
    ...missingComments(pkg, program),
    ...reports.flatMap(({ entry, text }) => compared(join(pkg.folder, "api", `${entry.file}.api.md`), text)),
  ];
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"} ${pkg.name}: ${pkg.entries.map(({ name }) => name).join(", ")}`);
  for (const fault of new Set(faults)) console.log(`  ${fault}`);
  failed ||= faults.length > 0;
}
process.exitCode = failed ? 1 : 0;

/** @param {import("./api/report.mjs").Finding} finding @param {ReadonlySet<string>} exported */
function isExported({ id, text }, exported) {
  // API Extractor numbers names that others have, too: `Storage_2`.
  const name = /The symbol "(\w+?)(_\d+)?" needs to be exported/.exec(text)?.[1];
  return id === "ae-forgotten-export" && name !== undefined && exported.has(name);
}

/** Compares a report with the one in the repository, or writes it there. @param {string} file @param {string} text @returns {string[]} what is wrong */
function compared(file, text) {
  const known = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (known === text) return [];
  const name = relative(root, file);
  if (update) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${name}`);
    return [];
  }
  return [
    `${name}: expected the types it reports, got others - run \`npm run api -- --update\` if the change is meant\n${difference(file, text)}`,
  ];
}

/** @param {string} file @param {string} text @returns {string} */
function difference(file, text) {
  const folder = mkdtempSync(join(tmpdir(), "dropwise-api-"));
  try {
    const now = join(folder, "now.api.md");
    writeFileSync(now, text);
    const before = existsSync(file) ? file : join(folder, "none");
    if (before !== file) writeFileSync(before, "");
    const { stdout } = spawnSync("git", ["diff", "--no-index", "--no-color", "--unified=2", before, now], { encoding: "utf8" });
    // Without the four lines that name the files.
    return (stdout ?? "").split("\n").slice(4).join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
