/** The public packages, and where the source of each of their entry points is. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { workspacePackages } from "../workspace.mjs";

/**
 * An entry point of a package, such as `@dropwise/core/backend`.
 *
 * @typedef {object} Entry
 * @property {string} name As it is imported.
 * @property {string} file Its name in the package's `exports` as a file name; "index" for ".".
 * @property {string} source Absolute.
 */

/**
 * @typedef {object} PublicPackage
 * @property {string} name
 * @property {string} folder Absolute.
 * @property {Entry[]} entries Those with types.
 */

/** @returns {PublicPackage[]} also those this machine cannot build: their types need no compiler but TypeScript's. */
export function publicPackages() {
  return workspacePackages()
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ name, folder, manifest }) => ({ name, folder, entries: entriesOf(name, folder, manifest.exports) }));
}

// --- internal helpers ---

/** @param {string} name @param {string} folder @param {unknown} exports @returns {Entry[]} */
function entriesOf(name, folder, exports) {
  return Object.entries(exports ?? {}).flatMap(([path, target]) => {
    if (!JSON.stringify(target).includes('"types"')) return [];
    const file = path === "." ? "index" : path.slice(2);
    return [{ name: path === "." ? name : `${name}/${file}`, file, source: sourceOf(folder, file) }];
  });
}

/** @param {string} folder @param {string} file @returns {string} */
function sourceOf(folder, file) {
  const candidates = [join(folder, "src", `${file}.ts`), join(folder, "src", file, "index.ts")];
  const found = candidates.find(existsSync);
  if (found === undefined) throw new Error(`${folder}: expected the source of "${file}" in ${candidates.join(" or ")}, found none`);
  return found;
}
