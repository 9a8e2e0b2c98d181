/** The code blocks of the pages, as they stand, as programs in a project that has the packages installed. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { blocksOf, expectedLines, fileNameOf } from "../../docs/testing/blocks.mjs";
import { leftOut, root, workspacePackages } from "../workspace.mjs";
import { run } from "./run.mjs";

/** @typedef {import("../../docs/testing/blocks.mjs").Block} Block */

/** A page in pieces of one file; the conformance checks put them together. */
const IN_PIECES = "docs/write-a-backend.md";

/** Pages with programs, each with its blocks: the top page, those of the public packages and those of `docs`. */
export function pages() {
  const packages = workspacePackages().filter((pkg) => pkg.manifest.private !== true && leftOut(pkg) === undefined);
  const inDocs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return [
    "README.md",
    ...packages.map(({ name }) => `packages/${name.replace("@dropwise/", "")}/README.md`),
    ...inDocs.map((name) => `docs/${name}`),
  ]
    .filter((page) => page !== IN_PIECES)
    .map((page) => ({ page, blocks: blocksOf(page).filter(isNodeProgram) }))
    .filter(({ blocks }) => blocks.length > 0);
}

/** @typedef {"ES module" | "CommonJS"} Form */

/**
 * What a block can be: a file with a name is what the name says, one that imports another of its page is an ES module, and all else is either.
 *
 * @param {Block} block
 * @returns {readonly Form[]}
 */
export function formsOf(block) {
  const name = fileNameOf(block);
  if (name?.endsWith(".cjs")) return ["CommonJS"];
  return name !== undefined || block.code.includes('from "./') ? ["ES module"] : ["ES module", "CommonJS"];
}

/**
 * @param {import("./projects.mjs").Projects} projects
 * @param {() => Promise<Record<string, string>>} gpu The environment of a GPU, for the page that needs one.
 * @returns {import("./checks.mjs").Check[]}
 */
export function snippetChecks(projects, gpu) {
  return pages().flatMap(({ page, blocks }) =>
    /** @type {const} */ (["ES module", "CommonJS"]).map((form) => ({
      name: "snippets",
      title: `${page} as ${form}: runs and prints what it says`,
      run: async () => {
        const folder = join(await projects.everything(), `${page}-${form}`.replace(/\W+/g, "-"));
        mkdirSync(folder);
        const env = page.includes("webgpu") ? await gpu() : {};
        const programs = blocks.filter((block) => formsOf(block).includes(form));
        for (const block of programs) await runBlock(block, form, folder, env);
        return programs.length === 1 ? "one program" : `${programs.length} programs`;
      },
    })),
  );
}

// --- internal helpers ---

/** A module that only some runtimes import (the bundlers import it as they can), and a suite for vitest, are no programs for Node. @param {Block} block */
function isNodeProgram({ language, code }) {
  return (language === "ts" || language === "js") && !code.includes('.wasm"') && !code.includes("@dropwise/conformance");
}

/** @param {Block} block @param {Form} form @param {string} folder @param {Record<string, string>} env */
async function runBlock(block, form, folder, env) {
  const isModule = form === "ES module";
  const file = join(folder, fileNameOf(block) ?? `line-${block.place.split(":")[1]}.${isModule ? "mjs" : "cjs"}`);
  const options = { target: ts.ScriptTarget.ES2022, module: isModule ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS };
  const { outputText } = ts.transpileModule(block.code, { compilerOptions: options });
  // CommonJS cannot wait outside a function, so a reader would write one.
  writeFileSync(file, isModule ? outputText : `(async () => {\n${outputText}\n})();\n`);
  const printed = await run(process.execPath, [file], { cwd: folder, env });
  const [got, expected] = [printed === "" ? [] : printed.split("\n"), expectedLines(block)];
  const wrong = expected.findIndex((line, i) => line !== got[i]);
  if (wrong !== -1 || got.length !== expected.length) {
    throw new Error(`${block.place}: expected it to print\n${expected.join("\n")}\ngot\n${got.join("\n")}`);
  }
}
