/** Bundles of one page by each bundler, as it comes, run in Chromium. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runPage } from "./browser.mjs";
import { run } from "./run.mjs";
import { TOOLS } from "./tools.mjs";

const html = (/** @type {string} */ script) =>
  `<!doctype html><link rel="icon" href="data:,"><script type="module" src="./${script}"></script>\n`;

const WEBPACK_CONFIG = `module.exports = {
  mode: "production", entry: "./page.mjs", output: { filename: "page.js" }, performance: { hints: false }, stats: "errors-only",
  module: { rules: [{ test: /\\.wasm$/, type: "asset/resource" }] },
};
`;

/**
 * How each is told to give the address of the .wasm file, and to bundle `page.mjs` into `dist/page.js`.
 *
 * @type {Record<string, { args: string[], prepare?: (folder: string) => void }>}
 */
export const BUNDLERS = {
  esbuild: {
    args: ["page.mjs", "--bundle", "--minify", "--format=esm", "--loader:.wasm=file", "--outfile=dist/page.js", "--log-level=error"],
  },
  vite: {
    args: ["build", "--logLevel", "error"],
    prepare(folder) {
      const page = join(folder, "page.mjs");
      writeFileSync(page, readFileSync(page, "utf8").replace('kernels.wasm"', 'kernels.wasm?url"'));
      writeFileSync(join(folder, "index.html"), html("page.mjs"));
    },
  },
  webpack: {
    args: ["--config", "webpack.config.cjs"],
    prepare: (folder) => writeFileSync(join(folder, "webpack.config.cjs"), WEBPACK_CONFIG),
  },
};

/**
 * @param {string} name One of {@link BUNDLERS}.
 * @param {import("./projects.mjs").Projects} projects
 * @param {(name: string) => Promise<string>} program A tool's program.
 * @returns {import("./checks.mjs").Check[]}
 */
export function bundlerChecks(name, projects, program) {
  /** @type {Promise<string> | undefined} */
  let built;
  const dist = () => {
    built ??= bundle(name, projects, program);
    return built;
  };
  /** @param {string} where @param {string[]} parts @param {{ isolated: boolean, gpu: boolean }} options */
  const check = (where, parts, options) => ({
    name,
    title: `${TOOLS[name]?.version}: its bundle in Chromium, ${where}`,
    run: async () => runPage(await dist(), parts, options),
  });
  return [
    check("in an isolated page", ["core", "wasm", "webgpu"], { isolated: true, gpu: true }),
    check("in a plain page", ["core", "wasm", "webgpu", "weights"], { isolated: false, gpu: true }),
    check("without a GPU", ["core", "no webgpu"], { isolated: false, gpu: false }),
  ];
}

// --- internal helpers ---

/** @param {string} name @param {import("./projects.mjs").Projects} projects @param {(name: string) => Promise<string>} program */
async function bundle(name, projects, program) {
  const tool = await program(name);
  const everything = await projects.everything();
  const folder = join(everything, `bundle-${name}`);
  mkdirSync(folder);
  for (const file of ["page.mjs", "checks.mjs"]) cpSync(join(everything, file), join(folder, file));
  const { args, prepare } = /** @type {{ args: string[], prepare?: (folder: string) => void }} */ (BUNDLERS[name]);
  prepare?.(folder);
  await run(process.execPath, [tool, ...args], { cwd: folder });
  const dist = join(folder, "dist");
  if (name !== "vite") writeFileSync(join(dist, "index.html"), html("page.js"));
  return dist;
}
