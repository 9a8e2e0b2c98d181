import type { Backend } from "@dropwise/core";
import { type OptionKinds, optionsOf, wrongType, wrongValue } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import type { Allowances, Check, Context } from "./case";
import { comparer } from "./compare";
import { requiredBackends, runtimeName } from "./environment";
import { checksById, suite } from "./suite";
import { BITS } from "./tolerance";

/** Tests that a backend cannot pass yet, and why. */
export interface Skip {
  /** Shown in place of a result. */
  readonly reason: string;
  /** Full names, such as "storage > gives back what was written". */
  readonly tests: readonly string[];
}

/** A backend for the suite. */
export interface BackendUnderTest extends Allowances {
  /** Shown in the report, and looked for in `DROPWISE_REQUIRE`. */
  readonly name: string;
  /** Makes a new backend; called more than once. Where there is none, it throws `BackendUnavailableError`. */
  readonly create: () => Backend | Promise<Backend>;
  /** Tests that it cannot pass yet. Default: none. */
  readonly skip?: readonly Skip[];
}

/** What the reporter finds beside each result. */
export interface ConformanceMeta {
  /** The name of the backend under test. */
  readonly backend: string;
  /** The test: "family > sentence". */
  readonly id: string;
  /** "node", "browser", "bun" or "deno". */
  readonly runtime: string;
  /** The backend's `info`; null where it could not be created. */
  readonly info: Backend["info"] | null;
  /** Why it was skipped, if it was. */
  readonly reason: string | null;
}

declare module "vitest" {
  interface TaskMeta {
    /** Left by the Dropwise conformance suite, for its reporter. */
    dropwise?: ConformanceMeta;
  }
}

/** A bound for hung tests only: devices in software are slow. */
const TIMEOUT_MS = 300_000;

/**
 * Registers the whole conformance suite for one backend with vitest, in Node or in a browser.
 *
 * Where `create` throws `BackendUnavailableError`, all tests are skipped with its message; when `DROPWISE_REQUIRE` (a comma list) has the
 * name, that is a failure. A skipped test is still run: one that passes is reported as an error, since its skip is stale.
 *
 * @param options The backend, and what is known not to work.
 * @throws TypeError for options of a wrong type or name, or a skip without a reason; RangeError for a skip that names no test.
 * @example
 * ```ts
 * describeBackend({ name: "wasm", create: () => createWasmBackend() });
 * ```
 */
export function describeBackend(options: BackendUnderTest): void {
  const { name, create, skip = [], mayContract = false, mayFlushSubnormals = false } = optionsOf(OP, options, OPTIONS);
  if (typeof name !== "string" || name === "") throw wrongType(OP, "name to be a string", name);
  if (typeof create !== "function") throw wrongType(OP, "create to be a function", create, "pass what makes the backend");
  const skipped = reasonsByTest(skip);

  describe(`conformance of ${name}`, () => {
    let backend: Backend | undefined;
    let unavailable: Error | undefined;

    beforeAll(async () => {
      try {
        backend = await create();
      } catch (error) {
        if ((error as Error | undefined)?.name !== "BackendUnavailableError") throw error;
        unavailable = error as Error;
      }
    }, TIMEOUT_MS);
    afterAll(() => backend?.dispose());

    const run = async (id: string, check: Check, task: TestContext) => {
      const reason = unavailable?.message ?? skipped.get(id) ?? null;
      task.task.meta.dropwise = { backend: name, id, runtime: runtimeName(), info: infoOf(backend), reason };
      if (backend === undefined) return task.skip(reason ?? "it could not be created");
      const context: Context = {
        backend,
        fresh: async () => create(),
        compare: comparer(backend, BITS),
        within: (tolerance) => comparer(backend as Backend, tolerance),
        mayContract,
        mayFlushSubnormals,
      };
      if (reason === null) return check(context);
      await expectFailure(id, reason, () => check(context));
      task.skip(reason);
    };

    test("is there, where DROPWISE_REQUIRE says so", ({ skip: skipTest }) => {
      if (unavailable === undefined) return;
      if (requiredBackends().includes(name)) throw unavailable;
      skipTest(unavailable.message);
    });
    for (const [family, checks] of Object.entries(suite)) {
      describe(family, () => {
        for (const [sentence, check] of Object.entries(checks)) {
          test(sentence, { timeout: TIMEOUT_MS }, (task) => run(`${family} > ${sentence}`, check, task));
        }
      });
    }
  });
}

// --- internal helpers ---

const OP = "describeBackend";

const OPTIONS: OptionKinds<BackendUnderTest> = { name: "any", create: "any", skip: "any", mayContract: "flag", mayFlushSubnormals: "flag" };

/** A plain copy: what a test leaves for the reporter may have to pass from a browser to Node. */
function infoOf(backend: Backend | undefined): Backend["info"] | null {
  if (backend === undefined) return null;
  const { contract = 1, hostVisible, isCollected = false, dtypes, threads, device, maxBufferBytes } = backend.info;
  return { contract, hostVisible, isCollected, dtypes: [...dtypes], threads, device, maxBufferBytes };
}

function reasonsByTest(skips: readonly Skip[]): Map<string, string> {
  const reasons = new Map<string, string>();
  if (!Array.isArray(skips)) throw wrongType(OP, "skip to be an array", skips);
  for (const skip of skips as readonly Skip[]) {
    const { reason, tests } = optionsOf<Skip>(OP, skip, { reason: "any", tests: "any" });
    if (typeof reason !== "string" || reason.trim() === "") throw wrongType(OP, "a reason for each skip", reason);
    if (!Array.isArray(tests)) throw wrongType(OP, "the tests of a skip to be an array", tests);
    for (const id of tests as readonly string[]) {
      if (!checksById.has(id)) throw wrongValue(OP, "a skip to name a test", id, "take it out");
      reasons.set(id, reason);
    }
  }
  return reasons;
}

async function expectFailure(id: string, reason: string, check: () => unknown): Promise<void> {
  try {
    await check();
  } catch {
    return;
  }
  throw new Error(`describeBackend: expected "${id}" to fail (${reason}), got a pass - take the skip out`);
}
