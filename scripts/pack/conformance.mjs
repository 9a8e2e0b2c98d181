/** The suite from npm, in the hands of a stranger. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf } from "../../docs/testing/blocks.mjs";
import { readJson } from "../workspace.mjs";
import { run } from "./run.mjs";
import { TOOLS } from "./tools.mjs";

/** Its peer range has no end; this is the newest there is, which needs a newer Node than we do. */
const NEWEST_VITEST = "5.1.1";

/** Families of the suite that take seconds; `scripts/conformance-matrix.mjs` runs all of it. vitest 4 and 5 join names in their own ways. */
const QUICK = String.raw`conformance of \S+( >)? (storage|unary|training|errors) `;

/** What the README's test file imports, for a stranger who has no backend yet. */
const MY_BACKEND = `import { type Backend, cpu } from "@dropwise/core";

export const createMyBackend = (): Backend => ({ ...cpu, name: "mine" });
`;

/**
 * The test file that the README of the suite prints, and what it imports.
 *
 * @returns {Record<string, string>} by name
 */
export function readmeSuite() {
  const suite = blocksOf("packages/conformance/README.md").find(({ language }) => language === "ts");
  return { "my-backend.ts": MY_BACKEND, "my-backend.test.ts": suite?.code ?? "" };
}

/**
 * @param {import("./projects.mjs").Projects} projects
 * @param {(name: string) => Promise<string>} program A tool's program.
 * @returns {import("./checks.mjs").Check[]}
 */
export function conformanceChecks(projects, program) {
  return [
    {
      name: "conformance",
      title: "the test file of its README passes against the reference (quick families)",
      run: async () => passAll(await projects.everything(), "readme", readmeSuite(), process.execPath),
    },
    {
      name: "conformance",
      title: "the backend that docs/write-a-backend.md writes passes the suite (quick families)",
      run: async () => passAll(await projects.everything(), "page", pageSuite(), process.execPath),
    },
    {
      name: "node24",
      title: `${TOOLS.node24?.version}: the suite passes under vitest ${NEWEST_VITEST} (quick families)`,
      run: async () => {
        const node = await program("node24");
        const project = await projects.create("newest-vitest", ["@dropwise/core", "@dropwise/conformance", `vitest@${NEWEST_VITEST}`]);
        return passAll(project, "suite", readmeSuite(), node);
      },
    },
  ];
}

// --- internal helpers ---

/** The minimal backend that the page writes in pieces, and its test file, which comes last. */
function pageSuite() {
  const blocks = blocksOf("docs/write-a-backend.md").flatMap(({ language, code }) => (language === "ts" ? [code] : []));
  return { "minimal-backend.test.ts": blocks.pop() ?? "", "minimal-backend.ts": blocks.join("\n") };
}

/** @param {string} project @param {string} name @param {Record<string, string>} files @param {string} node */
async function passAll(project, name, files, node) {
  const folder = join(project, `suite-${name}`);
  mkdirSync(folder);
  for (const [file, code] of Object.entries(files)) writeFileSync(join(folder, file), code);
  const vitest = join(project, "node_modules", "vitest", "vitest.mjs");
  const options = ["--root", folder, "--testNamePattern", QUICK, "--reporter=json", "--outputFile=result.json"];
  await run(node, [vitest, "run", ...options], { cwd: folder });
  const { numPassedTests, numFailedTests } = readJson(join(folder, "result.json"));
  if (numPassedTests < 50 || numFailedTests > 0)
    throw new Error(`expected many tests to pass, got ${numPassedTests}, and ${numFailedTests} failed`);
  return `${numPassedTests} tests`;
}
