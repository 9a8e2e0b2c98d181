/** Bundles what a user would import, minified, and holds its gzipped size to a limit. A kB is 1,000 bytes. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./workspace.mjs";

/** @type {{ name: string, code: string, limit: number }[]} */
const bundles = [
  {
    name: "core: dropout alone",
    code: `import { functional, manualSeed, tensor } from "@dropwise/core"; console.log(tensor, manualSeed, functional.dropout);`,
    limit: 16_000,
  },
  {
    name: "core: all of it",
    code: `import * as core from "@dropwise/core"; console.log(core);`,
    limit: 30_000,
  },
];

let failed = false;
for (const { name, code, limit } of bundles) {
  const size = await bundledSize(code);
  const fits = size < limit;
  failed ||= !fits;
  console.log(`${fits ? "ok    " : "FAILED"} ${name}: ${size} bytes min+gzip, the limit is ${limit}`);
}
process.exitCode = failed ? 1 : 0;

/** @param {string} code @returns {Promise<number>} NaN, which fits no limit, when it cannot be bundled; esbuild has then said why. */
async function bundledSize(code) {
  try {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: root },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2022",
      // A name that core does not export would otherwise be bundled as undefined, for a fine small size.
      logOverride: { "import-is-undefined": "error" },
    });
    return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
  } catch {
    return Number.NaN;
  }
}
