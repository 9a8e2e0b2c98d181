/**
 * Compiles the addon to `build/Release/dropwise.node`, without downloading anything: the headers are those of the running Node, where it
 * came with any, else those of npm's `node-api-headers`. The addon uses Node-API 8 alone, so one file serves every later Node.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// On a machine without a compiler, set-up leaves the addon out; what depends on this package still gets its JavaScript, which says so at run time.
if (process.env.DROPWISE_LEFT_OUT?.split(",").includes("@dropwise/backend-native")) process.exit(0);

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

const nodeGyp = join(dirname(require.resolve("node-gyp/package.json")), "bin", "node-gyp.js");
const nodedir = ownHeaders() ?? npmHeaders();
const common = ["--loglevel", "warn", ...(nodedir === undefined ? [] : ["--nodedir", nodedir])];
const addonApi = dirname(require.resolve("node-addon-api/package.json"));
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
if (gyp("configure", ...common, "--", `-Dnode_addon_api=${addonApi}`, `-Daddon_version=${version}`))
  gyp("build", "--jobs", "max", ...common);

// --- internal helpers ---

/** Runs node-gyp; whether it did its work. @param {string[]} args */
function gyp(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [nodeGyp, ...args], { cwd: folder, encoding: "utf8" });
  if (status !== 0) {
    console.error(stdout, stderr);
    console.error("backend-native: the addon was not built, see above - node-gyp needs a C++17 compiler, make and Python 3");
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
 */
function npmHeaders() {
  if (process.platform === "win32") return undefined;
  const target = join(folder, "build", "headers");
  const include = join(target, "include", "node");
  mkdirSync(include, { recursive: true });
  cpSync(require("node-api-headers").include_dir, include, { recursive: true });
  cpSync(join(folder, "scripts", "common.gypi"), join(include, "common.gypi"));
  writeFileSync(join(include, "config.gypi"), JSON.stringify({ target_defaults: {}, variables: process.config.variables }));
  const [major, minor, patch] = process.versions.node.split(".");
  const version = `#define NODE_MAJOR_VERSION ${major}\n#define NODE_MINOR_VERSION ${minor}\n#define NODE_PATCH_VERSION ${patch}\n`;
  const file = join(include, "node_version.h");
  if (!existsSync(file) || readFileSync(file, "utf8") !== version) writeFileSync(file, version);
  return target;
}
