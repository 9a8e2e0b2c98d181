/** The types, as a strict TypeScript project sees them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { fileNameOf } from "../../docs/testing/blocks.mjs";
import { readmeSuite } from "./conformance.mjs";
import { run } from "./run.mjs";
import { formsOf, pages } from "./snippets.mjs";
import { NATIVE } from "./stage.mjs";
import { TOOLS } from "./tools.mjs";

const exportsFile = new URL("programs/exports.ts", import.meta.url);

/** Every setting that asks most of the types of others. `lib` leaves out `esnext.disposable`. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
};

/** @type {{ resolution: "node16" | "bundler", lib: string[], types: string[] }[]} */
const PROJECTS = [
  { resolution: "node16", lib: ["dom"], types: [] },
  { resolution: "node16", lib: [], types: ["node"] },
  { resolution: "bundler", lib: ["dom"], types: ["node"] },
];

export const COMPILERS = ["typescript5", "typescript7"];

/**
 * @param {string} compiler One of {@link COMPILERS}.
 * @param {import("./projects.mjs").Projects} projects
 * @param {(name: string) => Promise<string>} program A tool's program.
 * @returns {import("./checks.mjs").Check[]}
 */
export function typeChecks(compiler, projects, program) {
  return PROJECTS.map(({ resolution, lib, types }, i) => ({
    name: compiler,
    title: `${TOOLS[compiler]?.version}, strict, moduleResolution ${resolution}, types of ${[...lib, ...types].join(" and ")}: all exports and snippets`,
    run: async () => {
      const tsc = await program(compiler);
      const folder = join(await projects.everything(), `${compiler}-${i}`);
      const hasNative = projects.releases.some(({ manifest }) => manifest.name === NATIVE);
      const files = writeSources(folder, { hasNative, hasNode: types.includes("node"), hasSuite: resolution === "bundler" });
      const module = resolution === "bundler" ? "esnext" : resolution;
      const compilerOptions = { ...STRICT, lib: ["es2022", ...lib], types, module, moduleResolution: resolution };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      await run(process.execPath, [tsc, "--project", "tsconfig.json"], { cwd: folder });
      return `${files.length} files`;
    },
  }));
}

// --- internal helpers ---

/**
 * Writes the programs: each as an ES module, and those that can be as CommonJS. `.mts` and `.cts` say which, whatever the resolution.
 *
 * @param {string} folder
 * @param {{ hasNative: boolean, hasNode: boolean, hasSuite: boolean }} options Whether the native package and Node's types are there, and whether the
 *   test file of the conformance suite is to be; it imports as programs for bundlers do.
 * @returns {string[]} their names
 */
function writeSources(folder, { hasNative, hasNode, hasSuite }) {
  const files = new Map((hasNative ? ["exports.mts", "exports.cts"] : []).map((file) => [file, readFileSync(exportsFile, "utf8")]));
  for (const block of pages().flatMap(({ blocks }) => blocks)) {
    if (block.language !== "ts" || (isForNode(block) && !hasNode)) continue;
    const [page = "", line] = block.place.split(":");
    for (const form of formsOf(block)) {
      if (form === "CommonJS" && waitsAtTop(block)) continue;
      const name = fileNameOf(block)?.replace(/js$/, "ts") ?? `line-${line}.${form === "CommonJS" ? "cts" : "mts"}`;
      files.set(join(page, name), block.code);
    }
  }
  if (hasSuite) for (const [file, code] of Object.entries(readmeSuite())) files.set(join("suite", file), code);
  for (const [file, code] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  return [...files.keys()];
}

/** @param {import("./snippets.mjs").Block} block */
const isForNode = ({ code }) => /\bBuffer\b|\bprocess\b|"node:/.test(code);

/** Whether a block waits outside functions, which an ES module alone can. @param {import("./snippets.mjs").Block} block */
function waitsAtTop({ code }) {
  /** @param {ts.Node} node @returns {boolean | undefined} */
  const waits = (node) => {
    if (ts.isFunctionLike(node)) return false;
    return ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined) || ts.forEachChild(node, waits);
  };
  return waits(ts.createSourceFile("block.ts", code, ts.ScriptTarget.Latest)) === true;
}
