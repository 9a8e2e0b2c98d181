/** Runs checks side by side and prints a line for each. */
import { availableParallelism } from "node:os";

/**
 * @typedef {object} Check
 * @property {string} name What `--only` picks it by; a group of checks may share one.
 * @property {string} title What must hold.
 * @property {() => Promise<string | void>} run Throws where it does not hold. May give a word on what was found.
 */

/** Thrown by a check that cannot run for want of a tool. */
export class MissingError extends Error {
  /** @param {string} tool What is missing, as `DROPWISE_REQUIRE` names it. @param {string} reason */
  constructor(tool, reason) {
    super(reason);
    this.tool = tool;
  }
}

/** What npm cannot bring; its absence is a failure only where `DROPWISE_REQUIRE` says so. */
const NOT_FROM_NPM = ["chromium", "webgpu", "native"];

/** Of an error; compilers can say the same of hundreds of places. */
const MOST_LINES = 30;

/** @param {string} tool Whether this run may not do without. */
function isRequired(tool) {
  if ((process.env.DROPWISE_REQUIRE ?? "").split(",").includes(tool)) return true;
  return process.env.CI === "true" && !NOT_FROM_NPM.includes(tool);
}

/**
 * Runs all checks, as many at once as there are processors (4 at most), and prints each as it ends; the last line says how many passed and failed. If
 * any failed, so does the process.
 *
 * @param {readonly Check[]} checks
 */
export async function runChecks(checks) {
  const begun = performance.now();
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...checks];
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const started = performance.now();
      const { outcome, detail } = await outcomeOf(check);
      totals[outcome]++;
      const word = { passed: "ok", failed: "FAILED", skipped: "skipped" }[outcome];
      console.log(`${word.padEnd(8)}${since(started).toFixed(1).padStart(5)} s  ${check.name}: ${check.title}${detail}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  const { passed, failed, skipped } = totals;
  console.log(`took ${Math.round(since(begun))} s`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed === 0 ? 0 : 1;
}

// --- internal helpers ---

/** Seconds. @param {number} start */
const since = (start) => (performance.now() - start) / 1000;

/** @param {Check} check @returns {Promise<{ outcome: "passed" | "failed" | "skipped", detail: string }>} */
async function outcomeOf({ run }) {
  try {
    const found = await run();
    return { outcome: "passed", detail: found ? ` (${found})` : "" };
  } catch (error) {
    if (error instanceof MissingError && !isRequired(error.tool)) return { outcome: "skipped", detail: ` - ${error.message}` };
    const lines = (error instanceof Error ? error.message : String(error)).split("\n");
    const rest = lines.splice(MOST_LINES);
    if (rest.length > 0) lines.push(`... and ${rest.length} more lines`);
    return { outcome: "failed", detail: lines.map((line) => `\n    ${line}`).join("") };
  }
}
