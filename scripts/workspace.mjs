/**
 * The packages of the workspace, and which of them this machine cannot build. Plain Node: it runs before anything is installed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {object} Manifest What is read of a package.json.
 * @property {string} name
 * @property {boolean} [private]
 * @property {string[]} [workspaces]
 * @property {unknown} [exports]
 * @property {{ needs?: string }} [dropwise] `needs`: a tool without which the package is left out of build and tests.
 */

/**
 * @typedef {object} WorkspacePackage
 * @property {string} name
 * @property {string} folder Absolute.
 * @property {Manifest} manifest
 */

/** @param {string} file @returns {any} */
export const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/**
 * Every package of the workspace, by folder, in alphabetical order.
 *
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages() {
  const patterns = /** @type {Manifest} */ (readJson(join(root, "package.json"))).workspaces ?? [];
  return patterns
    .flatMap((pattern) => {
      if (!pattern.endsWith("/*")) return [pattern];
      const parent = pattern.slice(0, -2);
      return existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : [];
    })
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .sort()
    .map((folder) => {
      const manifest = /** @type {Manifest} */ (readJson(join(folder, "package.json")));
      return { name: manifest.name, folder, manifest };
    });
}

/**
 * Why a package is left out on this machine, or undefined when it can be built.
 *
 * @param {WorkspacePackage} pkg
 * @returns {string | undefined}
 */
export function leftOut(pkg) {
  const needs = pkg.manifest.dropwise?.needs;
  if (needs === undefined) return undefined;
  if (needs !== "c++") return `it needs "${needs}", which this script does not know`;
  return hasCompiler() ? undefined : "it needs a C++ compiler, and none was found (install g++ or clang++, or set CXX)";
}

/** @type {boolean | undefined} */
let compilerFound;

/** Whether a C++ compiler answers. On Windows node-gyp finds Visual Studio through vswhere, so its presence decides. */
function hasCompiler() {
  if (compilerFound === undefined) {
    const candidates =
      process.platform === "win32"
        ? [join(process.env["ProgramFiles(x86)"] ?? "", "Microsoft Visual Studio", "Installer", "vswhere.exe")]
        : [process.env.CXX ?? "", "c++", "g++", "clang++"];
    compilerFound = candidates
      .filter((candidate) => candidate !== "")
      .some((candidate) => {
        // CXX may be a command with arguments ("ccache g++").
        const [command = "", ...args] = process.platform === "win32" ? [candidate, "-?"] : [...candidate.split(" "), "--version"];
        return spawnSync(command, args, { stdio: "ignore" }).status === 0;
      });
  }
  return compilerFound;
}
