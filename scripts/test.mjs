/** `npm test`: sets up, then runs all tests. Arguments go to vitest: `npm test -- dropout`. Totals are left in `.test-results/`. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

const report = join(root, ".test-results", "vitest.json");
// An old report must never stand for a run that did not happen.
rmSync(report, { force: true });

setup();

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    `--reporter=${join(root, "packages", "conformance", "src", "reporter.ts")}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit", env: { DROPWISE_REPORT: join(root, "packages", "conformance", "report"), ...process.env } },
);
process.exitCode = status ?? 1;
