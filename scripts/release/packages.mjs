/** What is published, under which names, from which folder, in which order. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { ADDONS } from "../../packages/addon/addons.mjs";
import { readJson, root, workspacePackages } from "../workspace.mjs";

/** @typedef {Record<string, any> & { name: string, version: string }} PackageJson What is read of a package.json. */

/**
 * @typedef {object} PublicPackage
 * @property {string} name
 * @property {string} folder Absolute.
 * @property {string} directory Where its sources are in the repository: "packages/core".
 * @property {PackageJson} manifest
 */

/**
 * The packages of the workspace that are published.
 *
 * @returns {PublicPackage[]}
 */
export function publicPackages() {
  return workspacePackages()
    .filter((pkg) => pkg.manifest.private !== true)
    .map(({ name, folder, manifest }) => ({
      name,
      folder,
      directory: relative(root, folder).replaceAll("\\", "/"),
      manifest: /** @type {PackageJson} */ (/** @type {unknown} */ (manifest)),
    }));
}

/**
 * The package of an addon for one platform.
 *
 * @typedef {PublicPackage & { platform: string, owner: string }} PlatformPackage `owner`: the package that asks for it, by name.
 */

/**
 * The packages with an addon, whose `scripts/platform-package.mjs` makes those of the platforms.
 *
 * @returns {(PublicPackage & { platforms: readonly string[] })[]}
 */
export function addonPackages() {
  const packages = publicPackages();
  return ADDONS.flatMap(({ name, platforms }) => packages.filter((pkg) => pkg.name === name).map((pkg) => ({ ...pkg, platforms })));
}

/**
 * The packages of the platforms that have been made here, each in the folder `npm` of the package that asks for it.
 *
 * @returns {PlatformPackage[]}
 */
export function platformPackages() {
  return addonPackages().flatMap(({ name: owner, folder: home, directory }) => {
    const parent = join(home, "npm");
    const platforms = existsSync(parent) ? readdirSync(parent).sort() : [];
    return platforms.map((platform) => {
      const folder = join(parent, platform);
      const manifest = readJson(join(folder, "package.json"));
      return { platform, owner, name: manifest.name, folder, directory, manifest };
    });
  });
}

/** The platform that this runs on, as packages name it: "linux-x64-gnu". */
export function thisPlatform() {
  const { platform, arch } = process;
  if (platform !== "linux") return `${platform}-${arch}`;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return `linux-${arch}-${report.header.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}

/** The one version of all public packages. @throws Error when they differ. */
export function currentVersion() {
  const versions = new Map(publicPackages().map(({ name, manifest }) => [name, manifest.version]));
  const [first] = versions.values();
  if (first === undefined || new Set(versions.values()).size !== 1) {
    throw new Error(`release: expected one version, got ${[...versions].map((entry) => entry.join(" ")).join(", ")} - make them equal`);
  }
  return first;
}

/**
 * Sorted so that whoever installs during a release finds what a package needs: each after those it depends on.
 *
 * @template {{ manifest: PackageJson }} T
 * @param {readonly T[]} packages
 * @returns {T[]}
 */
export function inPublishOrder(packages) {
  /** @type {T[]} */
  const sorted = [];
  const names = new Map(packages.map((pkg) => [pkg.manifest.name, pkg]));
  const visit = (/** @type {T} */ pkg, /** @type {string[]} */ path) => {
    if (sorted.includes(pkg)) return;
    if (path.includes(pkg.manifest.name)) throw new Error(`release: expected no cycle, got ${[...path, pkg.manifest.name].join(" > ")}`);
    for (const name of Object.keys(siblingsOf(pkg.manifest, [...names.keys()]))) {
      visit(/** @type {T} */ (names.get(name)), [...path, pkg.manifest.name]);
    }
    sorted.push(pkg);
  };
  for (const pkg of packages) visit(pkg, []);
  return sorted;
}

/**
 * What a package asks for at run time, of the packages named.
 *
 * @param {PackageJson} manifest
 * @param {readonly string[]} names
 * @returns {Record<string, string>}
 */
export function siblingsOf(manifest, names) {
  const wanted = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => names.includes(name)));
}
