/**
 * Checks the workflows in .github/workflows: `npm run workflows`. actionlint looks at syntax, expressions and what events give; the rules here are
 * about trust, and about CI not leaving out what `.ci/run` checks.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { LineCounter, parseDocument } from "yaml";
import { root } from "./workspace.mjs";

/** GitHub's machines that are used here. */
const MACHINES = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2022"];

/** What this build of actionlint takes for a mistake, since it is older than that: today's machines, and the variables of a repository. */
const TOO_NEW = /^label ".+" is unknown|^undefined variable "vars"/;

/** A commit, and after it the version in words. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

/**
 * @typedef {object} Fault
 * @property {string} file
 * @property {number} line
 * @property {string} message
 */

/** @typedef {{ uses?: string, run?: string, with?: Record<string, unknown> }} Step */
/** @typedef {{ "runs-on"?: string, permissions?: unknown, environment?: unknown, "timeout-minutes"?: number, strategy?: any, steps?: Step[] }} Job */

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) await main();

/**
 * The faults of one workflow.
 *
 * @param {string} file
 * @param {string} text
 * @returns {Promise<Fault[]>}
 */
export async function faultsOf(file, text) {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  // actionlint cannot go on after such a one.
  if (document.errors.length > 0) return document.errors.map(({ message, pos }) => ({ file, line: counter.linePos(pos[0]).line, message }));
  const lint = await createLinter();
  const found = lint(text, `.github/workflows/${file}`).filter(({ message }) => !TOO_NEW.test(message));
  const lines = text.split("\n");
  return [
    ...found.map(({ line, message }) => ({ file, line, message })),
    ...trustFaults(document.toJS(), lines).map((fault) => ({ file, ...fault })),
  ];
}

/**
 * The npm scripts that `.ci/run` runs as checks and a workflow does not.
 *
 * @param {string} script
 * @param {string} workflow
 */
export function missingChecks(script, workflow) {
  const named = (/** @type {string} */ text) => [...text.matchAll(/npm (?:run )?(?:--silent )?([\w:-]+)/g)].map(([, name]) => String(name));
  const there = named(workflow);
  return [...new Set(named(script))].filter((name) => !there.includes(name));
}

// --- internal helpers ---

async function main() {
  const folder = join(root, ".github", "workflows");
  const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  /** @type {Fault[]} */
  const faults = [];
  for (const file of files) {
    const found = await faultsOf(file, readFileSync(join(folder, file), "utf8"));
    console.log(`${found.length === 0 ? "ok    " : "FAILED"} ${file}`);
    faults.push(...found);
  }
  const left = missingChecks(readFileSync(join(root, ".ci", "run"), "utf8"), readFileSync(join(folder, "ci.yml"), "utf8"));
  faults.push(
    ...left.map((name) => ({ file: "ci.yml", line: 1, message: `expected a step for \`npm run ${name}\`, which .ci/run has, got none` })),
  );
  for (const { file, line, message } of faults) console.error(`.github/workflows/${file}:${line} ${message}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/**
 * @param {{ permissions?: unknown, jobs?: Record<string, Job> }} workflow
 * @param {string[]} lines
 * @returns {{ line: number, message: string }[]}
 */
function trustFaults({ permissions, jobs = {} }, lines) {
  const lineOf = (/** @type {string} */ text) => lines.findIndex((line) => line.includes(text)) + 1;
  const top = grants(permissions);
  return [
    ...lines.flatMap((line, i) => lineFaults(line).map((message) => ({ line: i + 1, message }))),
    ...(top === undefined || top.some(([, access]) => access === "write")
      ? [
          {
            line: Math.max(1, lineOf("permissions:")),
            message: "expected permissions on top that only read - grant more in the job that needs it",
          },
        ]
      : []),
    ...Object.entries(jobs).flatMap(([name, job]) =>
      jobFaults(job, top ?? []).map((message) => ({ line: lineOf(`  ${name}:`), message: `${name}: ${message}` })),
    ),
  ];
}

/** @param {string} line @returns {string[]} */
function lineFaults(line) {
  const [, used, comment] = /^\s*(?:- )?uses:\s*(\S+)(?:\s+#\s*(.*))?$/.exec(line) ?? [];
  const faults = [];
  if (used !== undefined && !used.startsWith("./")) {
    if (!PINNED.test(used)) faults.push(`expected a commit of 40 hexadecimal digits, got ${used}`);
    if (!/^v\d+\.\d+\.\d+$/.test(comment ?? "")) faults.push(`expected the version as a comment after ${used}, such as # v1.2.3`);
  }
  if (/^\s+[\w-]+: write$/.test(line)) faults.push(`expected a comment that says what "${line.trim()}" is for`);
  if (/:\s*write-all\b/.test(line)) faults.push("expected permissions one by one, got write-all");
  return faults;
}

/** @param {Job} job @param {[string, string][]} top @returns {string[]} */
function jobFaults(job, top) {
  const faults = [];
  const own = job.permissions === undefined ? top : (grants(job.permissions) ?? []);
  if (own.some(([name, access]) => name === "id-token" && access === "write") && job.environment === undefined) {
    faults.push("expected an environment for what may identify itself elsewhere (id-token: write)");
  }
  if (job["timeout-minutes"] === undefined) faults.push("expected timeout-minutes");
  const matrix = job.strategy?.matrix ?? {};
  const machines = [job["runs-on"] ?? "", ...(matrix.os ?? []), ...(matrix.include ?? []).map((/** @type {any} */ entry) => entry.os)];
  faults.push(
    ...machines
      .filter((machine) => machine !== undefined && !machine.includes("${{") && !MACHINES.includes(machine))
      .map((machine) => `expected one of ${MACHINES.join(", ")}, got "${machine}"`),
  );
  for (const step of job.steps ?? []) {
    if (step.uses?.startsWith("actions/checkout@") && step.with?.["persist-credentials"] !== false) {
      faults.push("expected `persist-credentials: false` at actions/checkout");
    }
    // Whatever stands in an expression becomes part of the program.
    if (step.run?.includes("${{")) faults.push(`expected no expression in a program - pass it through env: ${step.run.split("\n")[0]}`);
  }
  return faults;
}

/** Permissions one by one; undefined where none are stated. @param {unknown} permissions @returns {[string, string][] | undefined} */
function grants(permissions) {
  if (permissions === undefined || permissions === null) return undefined;
  if (typeof permissions === "string") return [["all", permissions.replace(/-all$/, "")]];
  return Object.entries(permissions).map(([name, access]) => [name, String(access)]);
}
