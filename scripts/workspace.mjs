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
  missingTools ??= findMissing();
  return missingTools.length === 0 ? undefined : `it needs ${missingTools.join(" and ")}, not found here`;
}

/** @type {string[] | undefined} */
let missingTools;

/** What node-gyp builds C++ with, by its commands; one of each is enough. On Windows it finds Visual Studio through vswhere. */
function findMissing() {
  const isWindows = process.platform === "win32";
  const visualStudio = join(process.env["ProgramFiles(x86)"] ?? "", "Microsoft Visual Studio", "Installer", "vswhere.exe");
  /** @type {Record<string, string[]>} */
  const tools = {
    "a C++ compiler (g++ or clang++, or CXX)": isWindows ? [visualStudio] : [process.env.CXX ?? "", "c++", "g++", "clang++"],
    "Python 3": isWindows ? ["python", "py"] : [process.env.PYTHON ?? "", "python3", "python"],
    make: isWindows ? [] : ["make", "gmake"],
  };
  return Object.entries(tools).flatMap(([name, commands]) => {
    if (commands.length === 0) return [];
    return commands.some((command) => command !== "" && answers(command)) ? [] : [name];
  });
}

/** @param {string} command A program, perhaps with arguments ("ccache g++"). */
function answers(command) {
  const [program = "", ...args] = existsSync(command) ? [command] : command.split(" ");
  return spawnSync(program, [...args, program.endsWith("vswhere.exe") ? "-?" : "--version"], { stdio: "ignore" }).status === 0;
}
