/**
 * Runs the whole conformance suite on the compiled backends in every runtime: from the tarballs, installed as a user would, by vitest in that runtime.
 *
 *     npm run test:matrix                              WebAssembly on 1 and 2 threads, and native on each instruction set alike; ten minutes or so
 *     npm run test:matrix -- --only bun --backend wasm
 *
 * Prints a line for each runtime and backend, and as the last one how many passed and failed. What is skipped and what is required is as in
 * `scripts/pack.mjs`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runChecks } from "./pack/checks.mjs";
import { needsNative } from "./pack/installs.mjs";
import { prepare } from "./pack/prepare.mjs";
import { runIn, TOOLS } from "./pack/tools.mjs";
import { readJson } from "./workspace.mjs";

const RUNTIMES = ["node20", "node22", "node24", "node26", "bun", "deno"];
const BACKENDS = ["wasm", "native"];

const options = /** @type {const} */ ({ only: { type: "string", multiple: true }, backend: { type: "string", multiple: true } });
const { only = RUNTIMES, backend: backends = BACKENDS } = parseArgs({ options }).values;
for (const [name, given, known] of /** @type {const} */ ([
  ["only", only, RUNTIMES],
  ["backend", backends, BACKENDS],
])) {
  const unknown = given.find((each) => !known.includes(each));
  if (unknown === undefined) continue;
  console.error(`conformance-matrix: expected --${name} to be one of ${known.join(", ")}, got ${unknown}`);
  process.exit(1);
}

const { projects, program } = await prepare(only);
await runChecks(
  only.flatMap((runtime) =>
    backends.map((backend) => ({
      name: runtime,
      title: `${TOOLS[runtime]?.version}: the conformance suite on ${backend}`,
      run: async () => {
        if (backend === "native") needsNative();
        return conformance(runtime, backend);
      },
    })),
  ),
);

// --- internal helpers ---

/** @param {string} runtime @param {string} backend @returns {Promise<string>} how many tests passed, by configuration */
async function conformance(runtime, backend) {
  const path = await program(runtime);
  const everything = await projects.everything();
  const folder = join(everything, `suite-${backend}-${runtime}`);
  mkdirSync(folder);
  cpSync(join(everything, `suite-${backend}.ts`), join(folder, `${backend}.test.ts`));
  const vitest = join(everything, "node_modules", "vitest", "vitest.mjs");
  const reports = join(folder, "reports");
  const ended = runIn(
    path,
    /** @type {import("./pack/tools.mjs").Tool} */ (TOOLS[runtime]),
    [vitest, "run", "--reporter=@dropwise/conformance/reporter"],
    {
      cwd: folder,
      env: { DROPWISE_REPORT: reports, DENO_DIR: join(everything, ".deno") },
      seconds: 1800,
    },
  );
  // A test that fails makes vitest fail; what the reports say of it is more to the point.
  const failure = await ended.then(
    () => undefined,
    (error) => error,
  );
  if (!existsSync(reports)) throw failure ?? new Error("expected reports of the suite, got none");
  const counts = readdirSync(reports)
    .sort()
    .map((name) => passed(readJson(join(reports, name)), runtime.replace(/\d.*$/, "")));
  if (failure !== undefined) throw failure;
  return counts.join(", ");
}

/** @param {any} report What the suite's reporter wrote. @param {string} runtime */
function passed({ backend, runtime: got, total, failures, skips }, runtime) {
  if (got !== runtime) throw new Error(`${backend}: expected the tests to run in ${runtime}, got ${got}`);
  const lines = [...failures, ...skips].map(({ test, message, reason }) => `${backend}: ${test}: ${message ?? reason}`);
  if (lines.length > 0 || total.passed < 400) throw new Error([`${backend}: ${total.passed} tests passed`, ...lines].join("\n"));
  return `${backend} ${total.passed}`;
}
