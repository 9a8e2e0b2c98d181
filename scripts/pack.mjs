/**
 * Packs every public package and tries the tarballs as a stranger would, in empty projects outside the workspace, install scripts off:
 *
 *     npm run test:pack                          everything; some minutes
 *     npm run test:pack -- --quick               this Node, one bundler, one compiler
 *     npm run test:pack -- --only bun --only vite    checks of these names alone
 *
 * Prints a line for each check, and as the last one how many passed and failed. Runtimes, bundlers and compilers come from npm at exact versions. One
 * that cannot be had is skipped with its reason; that is a failure where `DROPWISE_REQUIRE` (a comma list) names it, and with `CI=true` for all that come from
 * npm. Chromium (`chromium`), a GPU in software (`webgpu`) and the compiled addon (`native`) do not: only `DROPWISE_REQUIRE` requires them.
 */
import { parseArgs } from "node:util";
import { BUNDLERS, bundlerChecks } from "./pack/bundlers.mjs";
import { runChecks } from "./pack/checks.mjs";
import { conformanceChecks } from "./pack/conformance.mjs";
import { installChecks } from "./pack/installs.mjs";
import { prepare } from "./pack/prepare.mjs";
import { RUNTIMES, runtimeChecks, softwareGpu } from "./pack/runtimes.mjs";
import { snippetChecks } from "./pack/snippets.mjs";
import { TOOLS } from "./pack/tools.mjs";
import { COMPILERS, typeChecks } from "./pack/typescript.mjs";
import { workerdChecks } from "./pack/workerd.mjs";

const { only, quick } = parseArgs({
  options: { only: { type: "string", multiple: true }, quick: { type: "boolean", default: false } },
}).values;
const QUICK = ["node", "esbuild", "typescript5"];

const names = [
  "tarballs",
  "core",
  "wasm",
  "webgpu",
  "weights",
  "native",
  "distributed",
  "snippets",
  ...COMPILERS,
  ...RUNTIMES,
  "workerd",
  ...Object.keys(BUNDLERS),
  "conformance",
];
const unknown = only?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`pack: expected --only to be one of ${names.join(", ")}, got ${unknown}`);
  process.exit(1);
}
const wanted = (/** @type {string} */ name) => only?.includes(name) ?? (!quick || !(name in TOOLS) || QUICK.includes(name));

const { projects, program } = await prepare(Object.keys(TOOLS).filter(wanted));
// What waits for the tools comes last.
const checks = [
  ...installChecks(projects),
  ...conformanceChecks(projects, program),
  ...snippetChecks(projects, softwareGpu),
  ...RUNTIMES.flatMap((name) => runtimeChecks(name, projects, program)),
  ...workerdChecks(projects, program),
  ...COMPILERS.flatMap((name) => typeChecks(name, projects, program)),
  ...Object.keys(BUNDLERS).flatMap((name) => bundlerChecks(name, projects, program)),
].filter(({ name }) => wanted(name));
await runChecks(checks);
