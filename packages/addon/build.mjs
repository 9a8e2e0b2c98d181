/** Compiles the addon of a package. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { addonOf } from "./addons.mjs";

/**
 * Compiles the addon of a package to `build/Release`, by its `binding.gyp`, without downloading anything: the headers are those of the running Node, where it
 * came with any, else those of npm's `node-api-headers`. The addons use Node-API 8 alone, so one file serves every later Node. `binding.gyp` is given
 * `node_addon_api`, the folder of its headers, and `addon_version`, the version of the package.
 *
 * Where it is not compiled, what depends on the package still gets its JavaScript, which says so at run time: on a machine without a compiler, where set-up
 * leaves the addon out, and on systems that it is not for.
 *
 * @param {string} folder That of the package, which has node-gyp, node-addon-api and node-api-headers among its devDependencies. Where it fails, the process
 * ends with 1.
 */
export function buildAddon(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (process.env.DROPWISE_LEFT_OUT?.split(",").includes(name) || addonOf(name).unfit.includes(process.platform)) return;

  const require = createRequire(join(folder, "package.json"));
  const nodeGyp = join(dirname(require.resolve("node-gyp/package.json")), "bin", "node-gyp.js");
  const nodedir = ownHeaders() ?? npmHeaders(folder, require("node-api-headers").include_dir);
  const common = ["--loglevel", "warn", ...(nodedir === undefined ? [] : ["--nodedir", nodedir])];
  const addonApi = dirname(require.resolve("node-addon-api/package.json"));
  const gyp = (/** @type {string[]} */ ...args) => succeeds(folder, [nodeGyp, ...args]);
  if (gyp("configure", ...common, "--", `-Dnode_addon_api=${addonApi}`, `-Daddon_version=${version}`))
    gyp("build", "--jobs", "max", ...common);
}

// --- internal helpers ---

/** Runs node-gyp; whether it did its work. @param {string} folder @param {string[]} args */
function succeeds(folder, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) {
    console.error(stdout, stderr);
    console.error(`${basename(folder)}: the addon was not built, see above - node-gyp needs a C++17 compiler, make and Python 3`);
    process.exitCode = 1;
  } else if (/warning:/.test(stderr)) console.error(stderr);
  return status === 0;
}

/** The folder that Node was installed to, if its headers are there too. */
function ownHeaders() {
  const candidates = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))];
  return candidates.find((candidate) => candidate !== undefined && existsSync(join(candidate, "include", "node", "common.gypi")));
}

/**
 * A folder laid out as node-gyp expects it, with the headers of `node-api-headers`. On Windows there is none, since it takes a library to link
 * with as well; node-gyp then fetches both.
 *
 * @param {string} folder
 * @param {string} headers The folder of those headers.
 */
function npmHeaders(folder, headers) {
  if (process.platform === "win32") return undefined;
  const target = join(folder, "build", "headers");
  const include = join(target, "include", "node");
  mkdirSync(include, { recursive: true });
  cpSync(headers, include, { recursive: true });
  cpSync(fileURLToPath(new URL("common.gypi", import.meta.url)), join(include, "common.gypi"));
  writeFileSync(join(include, "config.gypi"), JSON.stringify({ target_defaults: {}, variables: process.config.variables }));
  const [major, minor, patch] = process.versions.node.split(".");
  const version = `#define NODE_MAJOR_VERSION ${major}\n#define NODE_MINOR_VERSION ${minor}\n#define NODE_PATCH_VERSION ${patch}\n`;
  const file = join(include, "node_version.h");
  if (!existsSync(file) || readFileSync(file, "utf8") !== version) writeFileSync(file, version);
  return target;
}
