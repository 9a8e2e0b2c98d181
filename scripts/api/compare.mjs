/** A report against the one that the repository holds. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { root } from "../workspace.mjs";

/**
 * Compares a report with the one in the repository, or writes it there.
 *
 * @param {string} file The one in the repository.
 * @param {string} text What it should be.
 * @param {boolean} update Write it, and find nothing wrong.
 * @returns {string[]} what is wrong, and what to do
 */
export function compareReport(file, text, update) {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return [];
  const name = relative(root, file);
  if (!update) {
    const fix = "run `npm run api -- --update` if the change is meant, and commit it";
    return [`${name}: expected the types that it reports, got others - ${fix}\n${difference(file, text)}`];
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`wrote ${name}`);
  return [];
}

// --- internal helpers ---

/** As git shows it. @param {string} file @param {string} text @returns {string} */
function difference(file, text) {
  const folder = mkdtempSync(join(tmpdir(), "dropwise-api-"));
  try {
    const [before, now] = [join(folder, "before"), join(folder, "now")];
    writeFileSync(before, existsSync(file) ? readFileSync(file) : "");
    writeFileSync(now, text);
    const { stdout } = spawnSync("git", ["diff", "--no-index", "--no-color", "--unified=2", before, now], { encoding: "utf8" });
    // Without the four lines that name the files.
    return (stdout ?? "").split("\n").slice(4).join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
