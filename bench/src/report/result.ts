import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BundleSize } from "../bundles/bundles";
import type { Missing } from "../cases/backends";
import type { Measured } from "../measure/method";
import type { MemoryResult } from "../memory/memory";
import type { TimedOp } from "../task";
import { UserError } from "../user-error";
import type { Machine } from "./machine";

/** Changes when the fields below change their meaning; another number is refused when a result is read. */
const FORMAT = 1;

/** One figure: the times of one competitor in one task, and the median in the unit of the op. */
export interface Figure extends Measured {
  readonly op: TimedOp;
  readonly size: string;
  /** For the elementwise ops. */
  readonly elements?: number;
  readonly value: number;
  readonly unit: string;
}

/** What computed, as shown beside its figures. */
export interface Participant {
  readonly name: string;
  readonly threads: number;
  readonly device: string;
  readonly notes?: string;
}

/** A task that one competitor did not do. */
export interface Skipped extends Missing {
  readonly op: string;
  readonly size: string;
}

/** All that one run found; the JSON file. */
export interface Result {
  readonly format: typeof FORMAT;
  readonly date: string;
  readonly effort: "full" | "quick" | "smoke";
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly method: readonly string[];
  readonly participants: readonly Participant[];
  readonly missing: readonly Missing[];
  readonly skipped: readonly Skipped[];
  readonly figures: readonly Figure[];
  readonly memory: readonly MemoryResult[];
  /** Missing in results that were made before bundles were measured. */
  readonly bundles?: readonly BundleSize[];
}

/** A result without its format, as a run makes it. */
export type Findings = Omit<Result, "format">;

/** Where results are kept. Seen from `dist/`, and from this file's folder in tests. */
const here = dirname(fileURLToPath(import.meta.url));
const RESULTS = join(here, existsSync(join(here, "..", "package.json")) ? ".." : "../..", "results");

/** Writes the JSON file and the page, and returns their paths. */
export function writeResult(findings: Findings, page: (result: Result) => string, name: string): { json: string; html: string } {
  const result: Result = { format: FORMAT, ...findings };
  mkdirSync(RESULTS, { recursive: true });
  const [json, html] = [join(RESULTS, `${name}.json`), join(RESULTS, `${name}.html`)];
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(html, page(result));
  return { json, html };
}

/**
 * Reads a result: a path, or a name under `results/` or `results/kept/`.
 *
 * @throws UserError if there is none, or it is no result of this format.
 */
export function readResult(name: string): Result {
  const candidates = [name, join(RESULTS, `${name}.json`), join(RESULTS, "kept", `${name}.json`)];
  const file = candidates.find((candidate) => candidate.endsWith(".json") && existsSync(candidate));
  if (file === undefined) throw new UserError(`${name}: no such result - name a JSON file, or one under bench/results/`);
  let parsed: Partial<Result> | null;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8")) as Partial<Result> | null;
  } catch {
    throw new UserError(`${name}: expected JSON, got something else - is it a result of npm run bench?`);
  }
  if (parsed?.format !== FORMAT || !Array.isArray(parsed.figures)) {
    throw new UserError(`${name}: expected a result of format ${FORMAT}, got ${parsed?.format ?? "something else"} - run it again`);
  }
  return parsed as Result;
}
