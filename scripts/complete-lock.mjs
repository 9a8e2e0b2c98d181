/**
 * Writes package-lock.json anew from the package.json files, with the packages of every platform in it: `npm run lock`.
 *
 * Compiled tools come as one optional package for each platform, and npm locks only those that the registry in use serves. A mirror
 * may lack the ones for other systems; `npm ci` then refuses the lock file, on every system. Those are added here by version, without
 * a checksum, since none is known; npm fills it in where the package is installed.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "./workspace.mjs";

/** @typedef {{ dev?: boolean, optionalDependencies?: Record<string, string> }} Entry */

const file = join(root, "package-lock.json");
const options = { cwd: root, stdio: /** @type {const} */ ("inherit"), shell: process.platform === "win32" };
const { status } = spawnSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], options);
if (status !== 0) process.exit(status ?? 1);

const lock = readJson(file);
/** @type {Record<string, Entry & Record<string, unknown>>} */
const packages = lock.packages;
let added = 0;
for (const [path, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    // Only exact versions: such packages are released together with the one that asks for them.
    if (platform === undefined || !/^\d+\.\d+\.\d+$/.test(version) || isLocked(path, name)) continue;
    const { os, cpu, libc } = platform;
    // In npm's own order of fields, so that npm has nothing to rewrite.
    packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(entry.dev === true && { dev: true }),
      ...(libc && { libc }),
      optional: true,
      os,
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(
  `package-lock.json: ${Object.keys(packages).length} entries, ${added} of them added for platforms that this registry does not serve`,
);

/** Whether `name`, as seen from the package at `path`, has an entry. @param {string} path @param {string} name */
function isLocked(path, name) {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    if (packages[`${from}${from === "" ? "" : "/"}node_modules/${name}`] !== undefined) return true;
    if (from === "") return false;
  }
}

/** The system that a package is for, going by its name (`…-linux-x64-musl`), in npm's own fields. @param {string} name */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "windows"].find(
    (word) => words.includes(word),
  );
  const cpu = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "64"].find((word) =>
    words.includes(word),
  );
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.some((word) => word.startsWith("gnu")) ? "glibc" : undefined;
  return {
    os: [os === "windows" ? "win32" : os],
    cpu: [cpu === "64" ? "x64" : cpu],
    libc: os === "linux" && libc !== undefined ? [libc] : undefined,
  };
}
