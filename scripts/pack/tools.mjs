/** Runtimes, bundlers and compilers from npm, at exact versions. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MissingError } from "./checks.mjs";
import { npmInstall, run } from "./run.mjs";

/** Node's program for this machine is a package of its own; install scripts, which would fetch it, do not run here. */
const nodePackage = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform.replace("win32", "win")}-${process.arch}`;

/** @param {string} version @returns {Tool} */
const node = (version) => ({ version, packages: [nodePackage], program: "bin/node" });

/**
 * @typedef {object} Tool
 * @property {string} version
 * @property {string[]} packages The first is installed under the tool's name, so that several versions fit in one folder. `name@version` for another version.
 * @property {string} program Its file, in the first package, or where that has none, anywhere that `*` stands for in node_modules.
 * @property {string[]} [args] What goes before the file to run.
 */

/** @type {Record<string, Tool>} */
export const TOOLS = {
  "node20.19": node("20.19.0"), // the oldest that the packages allow
  node20: node("20.20.2"),
  node22: node("22.23.3"),
  node24: node("24.21.0"),
  node26: node("26.12.1"),
  bun: { version: "1.4.5", packages: ["bun"], program: "@oven/*/bin/bun" },
  deno: { version: "2.9.6", packages: ["deno"], program: "@deno/*/deno", args: ["run", "-A", "--no-lock", "--quiet", "--unstable-webgpu"] },
  workerd: { version: "1.20261117.1", packages: ["workerd"], program: "@cloudflare/*/bin/workerd" },
  vite: { version: "8.3.8", packages: ["vite"], program: "bin/vite.js" },
  webpack: { version: "5.113.0", packages: ["webpack", "webpack-cli@7.3.1"], program: "../webpack-cli/bin/cli.js" },
  esbuild: { version: "0.28.2", packages: ["esbuild"], program: "bin/esbuild" },
  typescript5: { version: "5.9.3", packages: ["typescript"], program: "bin/tsc" },
  typescript7: { version: "7.0.2", packages: ["typescript"], program: "bin/tsc" },
};

/**
 * Begins to install tools.
 *
 * @param {string} folder
 * @param {readonly string[]} names Names in {@link TOOLS}.
 * @returns {(name: string) => Promise<string>} gives a tool's program once it is there; throws {@link MissingError} where it cannot be had.
 */
export function installTools(folder, names) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  // All at once takes the time of the largest. Only where that fails, one by one tells which cannot be had.
  const all = install(folder, names).then(
    () => new Map(),
    async () => {
      const failures = new Map();
      for (const name of names) await install(folder, [name]).catch((error) => failures.set(name, error));
      return failures;
    },
  );
  return async (name) => {
    const failure = (await all).get(name);
    const program = failure === undefined ? find(join(folder, "node_modules"), name) : undefined;
    if (program !== undefined) return program;
    throw new MissingError(
      name,
      `cannot be installed: ${failure === undefined ? "its package has none for this machine" : reasonOf(failure)}`,
    );
  };
}

/**
 * Runs a program in a runtime, and sees to it that it is the version meant.
 *
 * @param {string} runtime The path of its program.
 * @param {{ version: string, args?: readonly string[] }} tool
 * @param {readonly string[]} args
 * @param {import("./run.mjs").RunOptions} options
 * @returns {Promise<string>} what it printed
 */
export async function runIn(runtime, { version, args: before = [] }, args, options) {
  const answer = await run(runtime, ["--version"], options);
  if (!answer.includes(version)) throw new Error(`expected version ${version}, got ${answer}`);
  return run(runtime, [...before, ...args], options);
}

// --- internal helpers ---

/** @param {string} folder @param {readonly string[]} names */
async function install(folder, names) {
  const packages = names.flatMap((name) => {
    const {
      version,
      packages: [first = "", ...others],
    } = /** @type {Tool} */ (TOOLS[name]);
    return [`${first === name ? "" : `${name}@npm:`}${first}@${version}`, ...others];
  });
  if (packages.length > 0) await npmInstall(["--save-exact", ...packages], { cwd: folder });
}

/** The line of npm's that says most. @param {Error} failure */
function reasonOf({ message }) {
  const lines = message.split("\n").flatMap((line) => /^npm error (?!code )(?:[a-z]+ (?=[A-Z]))?(.+)/.exec(line)?.[1] ?? []);
  return lines[0] ?? message.split("\n")[0];
}

/** @param {string} modules @param {string} name @returns {string | undefined} */
function find(modules, name) {
  const { program } = /** @type {Tool} */ (TOOLS[name]);
  const [scope = "", rest] = program.split("/*/");
  const inScope =
    rest === undefined || !existsSync(join(modules, scope))
      ? []
      : readdirSync(join(modules, scope)).map((each) => join(modules, scope, each, rest));
  return [join(modules, name, program), ...inScope].flatMap((file) => [file, `${file}.exe`]).find((file) => existsSync(file));
}
