/** Which packages have a part that is compiled, and for which platforms there are packages with it. */

/** Every platform that a release has packages for. */
export const PLATFORMS = [
  "linux-x64-gnu",
  "linux-x64-musl",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64",
];

/**
 * @typedef {object} AddonPackage
 * @property {string} name As it is imported.
 * @property {string} file The compiled part, in `build/Release` and in the packages of the platforms.
 * @property {readonly string[]} platforms Those of {@link PLATFORMS} that it has a package for.
 * @property {readonly string[]} unfit Systems, as `process.platform` names them, for which it cannot be compiled.
 */

/** @type {readonly AddonPackage[]} */
export const ADDONS = [
  { name: "@dropwise/backend-native", file: "dropwise.node", unfit: [] },
  // It opens MPI's library as POSIX does.
  { name: "@dropwise/distributed", file: "distributed.node", unfit: ["win32"] },
].map((addon) => ({
  ...addon,
  platforms: PLATFORMS.filter((platform) => !addon.unfit.some((system) => platform.startsWith(`${system}-`))),
}));

/**
 * @param {string} name Of a package.
 * @returns {AddonPackage}
 * @throws RangeError for a package without an addon.
 */
export function addonOf(name) {
  const found = ADDONS.find((addon) => addon.name === name);
  if (found === undefined) throw new RangeError(`addon: expected one of ${ADDONS.map((addon) => addon.name).join(", ")}, got "${name}"`);
  return found;
}

/**
 * What the name of a platform's package says: `@dropwise/backend-native-linux-x64-gnu` is backend-native's for linux-x64-gnu.
 *
 * @param {string} name
 * @returns {{ addon: AddonPackage, platform: string } | undefined} undefined for a package of another kind.
 */
export function platformIn(name) {
  const addon = ADDONS.find((candidate) => name.startsWith(`${candidate.name}-`));
  return addon && { addon, platform: name.slice(addon.name.length + 1) };
}
