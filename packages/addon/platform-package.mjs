/** The addon of a package as a package of its own for each platform, for releases; nothing of this is committed. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { addonOf } from "./addons.mjs";

/** @typedef {Record<string, any> & { name: string, version: string }} Manifest What is read of a package.json. */

/**
 * The package.json of a platform's package: npm installs it only where system, processor and C library fit.
 *
 * @param {Manifest} manifest That of the package whose addon it is.
 * @param {string} platform One that this package has an addon for.
 * @returns {Manifest}
 * @throws RangeError for another platform, and for a package without an addon.
 */
export function platformManifest(manifest, platform) {
  const file = fileFor(manifest.name, platform);
  const [os, cpu, libc] = platform.split("-");
  const { name, version, license, engines, publishConfig } = manifest;
  return {
    name: `${name}-${platform}`,
    version,
    description: `The compiled part of ${name} for ${platform}.`,
    license,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc !== undefined && { libc: [libc === "gnu" ? "glibc" : libc] }),
    main: file,
    files: [file],
    publishConfig,
  };
}

/**
 * The package.json of a package with an addon, with the platforms' packages, of exactly its version, as optional dependencies.
 *
 * @param {Manifest} manifest
 * @param {readonly string[]} platforms
 * @returns {Manifest}
 * @throws RangeError for a platform that it has no addon for, and for a package without one.
 */
export function withPlatforms(manifest, platforms) {
  for (const platform of platforms) fileFor(manifest.name, platform);
  return {
    ...manifest,
    optionalDependencies: Object.fromEntries(platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version])),
  };
}

/**
 * Writes the package of the platform that this runs on, with the addon just built.
 *
 * @param {string} folder That of the package whose addon it is.
 * @param {string} platform
 * @param {string} target The folder of the new package.
 * @returns {Manifest} its package.json
 */
export function writePlatformPackage(folder, platform, target) {
  const manifest = platformManifest(readManifest(folder), platform);
  const addon = join(folder, "build", "Release", manifest.main);
  createRequire(import.meta.url)(addon); // what does not load here must not be published
  mkdirSync(target, { recursive: true });
  copyFileSync(addon, join(target, manifest.main));
  copyFileSync(join(folder, "LICENSE"), join(target, "LICENSE"));
  writeFileSync(
    join(target, "README.md"),
    `# ${manifest.name}\n\n${manifest.description} It is installed by that package, where it fits.\n`,
  );
  writeJson(join(target, "package.json"), manifest);
  return manifest;
}

/**
 * The command line of a package's `scripts/platform-package.mjs`:
 *
 *     node scripts/platform-package.mjs linux-x64-gnu            the addon just built as a package, in npm/linux-x64-gnu
 *     node scripts/platform-package.mjs --list linux-x64-gnu,…   names those packages in this one's optionalDependencies
 *
 * @param {string} folder That of the package.
 */
export function platformPackageCommand(folder) {
  const { values, positionals } = parseArgs({ options: { list: { type: "string" } }, allowPositionals: true });
  if (values.list !== undefined) writeJson(join(folder, "package.json"), withPlatforms(readManifest(folder), values.list.split(",")));
  else writePlatformPackage(folder, positionals[0] ?? "", join(folder, "npm", positionals[0] ?? ""));
}

// --- internal helpers ---

/** @param {string} folder @returns {Manifest} */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** @param {string} file @param {object} content */
function writeJson(file, content) {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** The file of a package's addon. @param {string} name @param {string} platform @returns {string} */
function fileFor(name, platform) {
  const { file, platforms } = addonOf(name);
  if (!platforms.includes(platform)) throw new RangeError(`platform-package: expected one of ${platforms.join(", ")}, got "${platform}"`);
  return file;
}
