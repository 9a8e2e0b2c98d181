/**
 * The addon as a package of its own for each platform, for releases; nothing of this is committed.
 *
 *     node scripts/platform-package.mjs linux-x64-gnu            the addon just built as a package, in npm/linux-x64-gnu
 *     node scripts/platform-package.mjs --list linux-x64-gnu,…   names those packages in this one's optionalDependencies
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Every platform that a release has a package for. */
export const PLATFORMS = [
  "linux-x64-gnu",
  "linux-x64-musl",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64",
];

const FILE = "dropwise.node";
const folder = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {Record<string, any> & { name: string, version: string }} Manifest What is read of a package.json. */

/**
 * The package.json of a platform's package: npm installs it only where system, processor and C library fit.
 *
 * @param {Manifest} manifest That of `@dropwise/backend-native`.
 * @param {string} platform One of {@link PLATFORMS}.
 * @returns {Manifest}
 * @throws RangeError for another platform.
 */
export function platformManifest(manifest, platform) {
  checkPlatform(platform);
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
    main: FILE,
    files: [FILE],
    publishConfig,
  };
}

/**
 * The package.json of `@dropwise/backend-native` with the platforms' packages, of exactly its version, as optional dependencies.
 *
 * @param {Manifest} manifest
 * @param {readonly string[]} platforms
 * @returns {Manifest}
 * @throws RangeError for a platform that is none of {@link PLATFORMS}.
 */
export function withPlatforms(manifest, platforms) {
  platforms.forEach(checkPlatform);
  return {
    ...manifest,
    optionalDependencies: Object.fromEntries(platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version])),
  };
}

/**
 * Writes the package of the platform that this runs on, with the addon just built.
 *
 * @param {string} platform
 * @param {string} target The folder of the new package.
 * @returns {Manifest} its package.json
 */
export function writePlatformPackage(platform, target) {
  const own = readManifest();
  const manifest = platformManifest(own, platform);
  const addon = join(folder, "build", "Release", FILE);
  createRequire(import.meta.url)(addon); // what does not load here must not be published
  mkdirSync(target, { recursive: true });
  copyFileSync(addon, join(target, FILE));
  copyFileSync(join(folder, "LICENSE"), join(target, "LICENSE"));
  writeFileSync(
    join(target, "README.md"),
    `# ${manifest.name}\n\n${manifest.description} It is installed by that package, where it fits.\n`,
  );
  writeJson(join(target, "package.json"), manifest);
  return manifest;
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) main();

// --- internal helpers ---

function main() {
  const { values, positionals } = parseArgs({ options: { list: { type: "string" } }, allowPositionals: true });
  if (values.list !== undefined) writeJson(join(folder, "package.json"), withPlatforms(readManifest(), values.list.split(",")));
  else writePlatformPackage(positionals[0] ?? "", join(folder, "npm", positionals[0] ?? ""));
}

/** @returns {Manifest} */
function readManifest() {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** @param {string} file @param {object} content */
function writeJson(file, content) {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** @param {string} platform */
function checkPlatform(platform) {
  if (!PLATFORMS.includes(platform)) throw new RangeError(`platform-package: expected one of ${PLATFORMS.join(", ")}, got "${platform}"`);
}
