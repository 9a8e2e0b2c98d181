import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeBackend } from "@dropwise/conformance";
import { cpu } from "@dropwise/core";
import { afterAll, describe, expect, test } from "vitest";
import type { ConformanceReport } from "../src/reporter";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "skipped" | "pending";
  readonly failureMessages: string[];
}

/** Runs a few tests of the suite on the fixtures' backends, as a stranger's `npx vitest run` would. */
function runFixtures(required: string): { tests: Result[]; output: string; report: (name: string) => ConformanceReport } {
  const json = join(folder, "vitest.json");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      ...["run", "--config", join(here, "fixtures", "vitest.config.ts"), "-t", "is there, where|describes itself|has float32, int32"],
      ...["--reporter=verbose", "--reporter=json", `--outputFile.json=${json}`, `--reporter=${join(here, "..", "src", "reporter.ts")}`],
    ],
    {
      encoding: "utf8",
      env: { ...process.env, DROPWISE_REQUIRE: required, DROPWISE_REPORT: folder, NO_COLOR: "1", FORCE_COLOR: undefined },
    },
  );
  const { testResults } = JSON.parse(readFileSync(json, "utf8")) as { testResults: { assertionResults: Result[] }[] };
  return {
    tests: testResults.flatMap(({ assertionResults }) => assertionResults),
    output: stdout + stderr,
    report: (name) => JSON.parse(readFileSync(join(folder, `${name}.node.json`), "utf8")) as ConformanceReport,
  };
}

const optional = runFixtures("");
const required = runFixtures("cpu, absent");

const resultOf = ({ tests }: typeof optional, name: string) => tests.find(({ fullName }) => fullName.endsWith(name));

describe("a backend that cannot be created", () => {
  test("shows as skipped, with the reason", () => {
    expect(resultOf(optional, "conformance of absent is there, where DROPWISE_REQUIRE says so")?.status).toMatch(/skipped|pending/);
    expect(resultOf(optional, "conformance of absent storage describes itself")?.status).toMatch(/skipped|pending/);
    expect(optional.output).toContain("expected its device, got none - plug it in");
  });

  test("fails where DROPWISE_REQUIRE has its name, with the reason", () => {
    const result = resultOf(required, "conformance of absent is there, where DROPWISE_REQUIRE says so");
    expect(result?.status).toBe("failed");
    expect(result?.failureMessages.join()).toContain("BackendUnavailableError: absent: expected its device, got none - plug it in");
  });

  test("fails for any other error", () => {
    expect(optional.output).toMatch(/FAIL.*broken/);
    expect(optional.output).toContain("TypeError: a mistake in create");
  });
});

describe("a skip", () => {
  test("shows its reason where the test fails", () => {
    expect(resultOf(optional, "conformance of shouting storage describes itself")?.status).toMatch(/skipped|pending/);
    expect(optional.output).toContain("its name is a brand");
  });

  test("is an error where the test passes", () => {
    const result = resultOf(optional, "conformance of shouting storage has float32, int32 and bool");
    expect(result?.status).toBe("failed");
    expect(result?.failureMessages.join()).toContain("got a pass - take the skip out");
  });

  test("without a reason is a TypeError", () => {
    for (const reason of ["", "  ", undefined as never]) {
      expect(() => describeBackend({ name: "cpu", create: () => cpu, skip: [{ reason, tests: ["storage > describes itself"] }] })).toThrow(
        TypeError,
      );
    }
  });

  test("that names no test is a RangeError", () => {
    for (const name of ["storage > describes nothing", "describes itself", "storage"]) {
      expect(() => describeBackend({ name: "cpu", create: () => cpu, skip: [{ reason: "none", tests: [name] }] })).toThrow(RangeError);
    }
  });
});

describe("the options", () => {
  const backend = { name: "cpu", create: () => cpu };
  test.each([
    [undefined, "expected name to be a string, got undefined"],
    [null, "expected options as { name: value }, got null"],
    [{ ...backend, name: 3 }, "expected name to be a string, got 3"],
    [{ ...backend, create: cpu }, "expected create to be a function, got a value of type Object"],
    [{ ...backend, mayContract: 1 }, "expected mayContract to be true or false, got 1"],
    [{ ...backend, skips: [] }, 'got "skips" - did you mean skip?'],
    [{ ...backend, skip: {} }, "expected skip to be an array, got a value of type Object"],
    [{ ...backend, skip: [{ reason: "none", test: "a" }] }, 'got "test" - did you mean tests?'],
    [{ ...backend, skip: [{ reason: "none", tests: "a" }] }, 'expected the tests of a skip to be an array, got "a"'],
  ])("%# are refused where they are wrong, before anything is registered", (options, message) => {
    expect(() => describeBackend(options as never)).toThrow(message);
  });
});

describe("the report", () => {
  test("counts what passed, failed and was skipped, and says why", () => {
    const { backend, runtime, info, total, families, failures, skips } = optional.report("shouting");
    expect({ backend, runtime, total, families }).toEqual({
      backend: "shouting",
      runtime: "node",
      total: { passed: 0, failed: 1, skipped: 1 },
      families: { storage: { passed: 0, failed: 1, skipped: 1 } },
    });
    expect(info).toEqual(cpu.info);
    expect(failures).toEqual([{ test: "storage > has float32, int32 and bool", message: expect.stringContaining("take the skip out") }]);
    expect(skips).toEqual([{ test: "storage > describes itself", reason: "its name is a brand" }]);
  });

  test("has the reason of a backend that is not there", () => {
    const { info, total, skips } = optional.report("absent");
    expect(info).toBeNull();
    expect(total).toEqual({ passed: 0, failed: 0, skipped: 2 });
    expect(skips[0]?.reason).toContain("plug it in");
  });
});
