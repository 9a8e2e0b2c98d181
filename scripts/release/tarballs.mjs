/** Reads the tarballs of a folder: what is checked and published is what users get, whatever made it. */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Tarball
 * @property {string} path
 * @property {number} size Bytes, compressed.
 * @property {import("./packages.mjs").PackageJson} manifest
 * @property {string[]} files
 * @property {(name: string) => Buffer} read The bytes of a file.
 */

/** @param {string} folder @returns {Tarball[]} */
export function readTarballs(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  if (names.length === 0) throw new Error(`release: expected tarballs in ${folder}, got none`);
  return names.sort().map((name) => {
    const path = join(folder, name);
    const read = (/** @type {string} */ file) => tar(["-xzOf", path, `package/${file}`]);
    const files = tar(["-tzf", path]).toString().trim().split("\n");
    return {
      path,
      size: statSync(path).size,
      manifest: JSON.parse(read("package.json").toString()),
      files: files.map((file) => file.replace(/^package\//, "")),
      read,
    };
  });
}

// --- internal helpers ---

/** @param {string[]} args @returns {Buffer} */
function tar(args) {
  const { status, stdout, stderr, error } = spawnSync("tar", args, { maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`tar ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
}
