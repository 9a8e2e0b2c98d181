/**
 * Makes the tarballs that are published, each from a copy of what its package consists of, so that nothing is written in the packages' folders.
 * What the repository's own package.json files leave out is filled in here, and only here: where the sources are, and the platforms' packages.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withPlatforms } from "../../packages/addon/platform-package.mjs";
import { npm } from "./npm.mjs";
import { addonPackages, platformPackages, publicPackages } from "./packages.mjs";

/** @typedef {import("./packages.mjs").PackageJson} PackageJson */

/** What only concerns the workspace. */
const LEFT_OUT = ["devDependencies", "scripts", "dropwise"];

/**
 * Packs every public package and every platform's package that has been made, or those given.
 *
 * @param {string} target The folder for the tarballs.
 * @param {string} repository Where the sources are, on GitHub: "owner/name".
 * @param {{ packages?: ReturnType<typeof publicPackages>, platforms?: ReturnType<typeof platformPackages> }} [given]
 */
export function packAll(target, repository, { packages = publicPackages(), platforms = platformPackages() } = {}) {
  mkdirSync(target, { recursive: true });
  const withAddon = addonPackages().map(({ name }) => name);
  const published = packages.map((pkg) => {
    if (!withAddon.includes(pkg.name)) return pkg;
    const own = platforms.filter(({ owner }) => owner === pkg.name).map(({ platform }) => platform);
    return { ...pkg, manifest: withPlatforms(pkg.manifest, own) };
  });
  for (const { folder, directory, manifest } of [...published, ...platforms]) {
    const stage = mkdtempSync(join(tmpdir(), "dropwise-pack-"));
    try {
      for (const name of [...manifest.files, "README.md", "LICENSE"]) {
        if (!existsSync(join(folder, name))) throw new Error(`release: expected ${name} in ${folder}, got none - build the package first`);
        cpSync(join(folder, name), join(stage, name), { recursive: true });
      }
      writeFileSync(join(stage, "package.json"), `${JSON.stringify(publishedManifest(manifest, repository, directory), null, 2)}\n`);
      npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", target], stage);
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
  }
}

/**
 * A package.json as it is published. npm compares `repository` with where the workflow runs, and refuses a provenance that does not fit.
 *
 * @param {PackageJson} manifest
 * @param {string} repository
 * @param {string} directory
 * @returns {PackageJson}
 * @throws RangeError for a repository that is not of the form "owner/name".
 */
export function publishedManifest(manifest, repository, directory) {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new RangeError(`release: expected a repository as owner/name, got "${repository}"`);
  const address = `https://github.com/${repository}`;
  const kept = Object.fromEntries(Object.entries(manifest).filter(([key]) => !LEFT_OUT.includes(key)));
  return {
    .../** @type {PackageJson} */ (kept),
    repository: { type: "git", url: `git+${address}.git`, directory },
    homepage: `${address}/tree/main/${directory}#readme`,
    bugs: { url: `${address}/issues` },
  };
}
