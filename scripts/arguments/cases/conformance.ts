/** `@dropwise/conformance` and its reporter. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@dropwise/core";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

const text: Place = { valid: () => "some", accepts: (value) => typeof value === "string" };

/** Registers its tests, but where a test runs already: there vitest refuses it, which is as far as a check of arguments goes. */
const registering = (describeBackend: (options: unknown) => void) => (options: unknown) => {
  try {
    describeBackend(options);
  } catch (error) {
    if (!/inside.*test/i.test((error as Error).message)) throw error;
  }
};

export const conformanceCases: Cases = {
  describeBackend: {
    as: registering as (value: never) => unknown,
    args: [
      p.options(
        {
          name: text,
          create: { valid: () => () => cpu, accepts: (value) => typeof value === "function" },
          skip: p.list(
            p.options(
              {
                reason: { ...text, accepts: (value) => typeof value === "string" && value !== "" },
                tests: p.list(p.made(() => "storage > describes itself")),
              },
              ["reason", "tests"],
            ),
          ),
          mayContract: p.flag(),
          mayFlushSubnormals: p.flag(),
        },
        ["name", "create"],
      ),
    ],
  },
};

const folder = mkdtempSync(join(tmpdir(), "dropwise-report-"));

export const reporterCases: Cases = {
  default: { args: [p.options({ folder: { ...text, valid: () => folder } })], says: ["ConformanceReporter"] },
  "default#onTestRunEnd": "vitest calls it, with modules of its own",
};
