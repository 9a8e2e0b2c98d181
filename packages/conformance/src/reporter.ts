/**
 * A vitest reporter that writes one JSON file for each backend and runtime that the conformance suite ran on. It runs in the process of vitest
 * itself, so browsers need no file system.
 *
 * @module @dropwise/conformance/reporter
 * @packageDocumentation
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { optionsOf, wrongType } from "@dropwise/core/backend";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { ConformanceMeta } from "./describe-backend";

/** Tests by how they ended. */
export interface Counts {
  /** Tests that passed. */
  passed: number;
  /** Tests that failed. */
  failed: number;
  /** Tests that were skipped. */
  skipped: number;
}

/** What one backend did in one runtime. */
export interface ConformanceReport {
  /** Its name. */
  readonly backend: string;
  /** "node", "browser", "bun" or "deno". */
  readonly runtime: string;
  /** The backend's `info`; null where it could not be created. */
  readonly info: ConformanceMeta["info"];
  /** All tests. */
  readonly total: Counts;
  /** By op family. */
  readonly families: Record<string, Counts>;
  /** Those that failed, and why. */
  readonly failures: {
    /** "family > sentence". */
    readonly test: string;
    /** What the check threw. */
    readonly message: string;
  }[];
  /** Those that were skipped, and why. */
  readonly skips: {
    /** "family > sentence". */
    readonly test: string;
    /** From the backend's owner, or why it could not be created. */
    readonly reason: string;
  }[];
}

/** Options of the reporter. */
export interface ReporterOptions {
  /** Where the files go. Default: the environment's `DROPWISE_REPORT`, else "conformance-report". */
  readonly folder?: string;
}

/**
 * Writes `<backend>.<runtime>.json` for each backend that was tested.
 *
 * @example
 * ```sh
 * npx vitest run --reporter=default --reporter=@dropwise/conformance/reporter
 * ```
 */
export default class ConformanceReporter implements Reporter {
  readonly #folder: string;

  /**
   * @param options Default: see there.
   * @throws TypeError for options of a wrong type or name.
   */
  constructor(options?: ReporterOptions) {
    const { folder = process.env.DROPWISE_REPORT ?? "conformance-report" } = optionsOf<ReporterOptions>("ConformanceReporter", options, {
      folder: "any",
    });
    if (typeof folder !== "string") throw wrongType("ConformanceReporter", "folder to be a string", folder);
    this.#folder = folder;
  }

  /** Writes the files, from what the `modules` of the run left. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const report of reportsOf(modules.flatMap((module) => [...module.children.allTests()]))) {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(join(this.#folder, `${report.backend}.${report.runtime}.json`), `${JSON.stringify(report, null, 2)}\n`);
    }
  }
}

// --- internal helpers ---

function reportsOf(tests: readonly TestCase[]): ConformanceReport[] {
  const reports = new Map<string, ConformanceReport>();
  for (const test of tests) {
    const meta = test.meta().dropwise;
    if (meta === undefined) continue; // a test of something else
    const { backend, runtime, info, id } = meta;
    const key = `${backend} ${runtime}`;
    const report = reports.get(key) ?? { backend, runtime, info, total: none(), families: {}, failures: [], skips: [] };
    reports.set(key, report);
    const family = id.slice(0, id.indexOf(" > "));
    report.families[family] ??= none();
    const counts = report.families[family];
    const { state, errors } = test.result();
    if (state === "pending") continue;
    counts[state]++;
    report.total[state]++;
    if (state === "failed") report.failures.push({ test: id, message: errors?.[0]?.message ?? "" });
    if (state === "skipped") report.skips.push({ test: id, reason: meta.reason ?? "" });
  }
  return [...reports.values()];
}

function none(): Counts {
  return { passed: 0, failed: 0, skipped: 0 };
}
