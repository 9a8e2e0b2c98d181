/**
 * Adds up what `.ci/run` has left in `.test-results/` and prints it as `N passed, N failed` (and skipped, if any); fails if anything did.
 *
 * - `*.json`: vitest's reports, one for each test run. A file that did not load counts as one failure, since its tests are unknown.
 * - `checks.txt`: a line `passed NAME` or `failed NAME` for each other check.
 *
 * The argument is the exit status of the test runs: when they failed and no test did (a build error, an unhandled rejection), that is a failure too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "./workspace.mjs";

/** @typedef {{ status: string, assertionResults: { status: string }[] }} TestFile What is read of vitest's JSON report. */

const results = join(root, ".test-results");
const totals = { passed: 0, failed: 0, skipped: 0 };

const reports = existsSync(results) ? readdirSync(results).filter((name) => name.endsWith(".json")) : [];
for (const name of reports) {
  for (const file of /** @type {TestFile[]} */ (readJson(join(results, name)).testResults)) {
    const tests = file.assertionResults.map((test) => test.status);
    totals.passed += tests.filter((status) => status === "passed").length;
    totals.failed += tests.filter((status) => status === "failed").length;
    totals.skipped += tests.filter((status) => status !== "passed" && status !== "failed").length;
    if (file.status === "failed" && !tests.includes("failed")) totals.failed++;
  }
}
if (totals.failed === 0 && (process.argv[2] !== "0" || reports.length === 0)) totals.failed++;

const checks = existsSync(join(results, "checks.txt"))
  ? readFileSync(join(results, "checks.txt"), "utf8").trim().split("\n").filter(Boolean)
  : [];
for (const check of checks) {
  if (check.startsWith("passed ")) totals.passed++;
  else totals.failed++;
}

const { passed, failed, skipped } = totals;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;
