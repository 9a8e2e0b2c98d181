/** What must hold for the tarballs of a release. */
import { PLATFORMS } from "../../packages/backend-native/scripts/platform-package.mjs";
import { glibcOf, platformOf } from "./addon.mjs";
import { siblingsOf } from "./packages.mjs";

/** @typedef {import("./tarballs.mjs").Tarball} Tarball */

/** Node 20 itself needs glibc 2.28; an addon that needs a newer one would fail where Node runs. */
const NEWEST_GLIBC = 28;

const NATIVE = "@dropwise/backend-native";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string[]} faults None: it holds.
 */

/**
 * @param {readonly Tarball[]} tarballs
 * @param {object} expected
 * @param {string} expected.version
 * @param {readonly string[]} expected.names The packages of the workspace.
 * @param {string} expected.repository
 * @param {boolean} expected.complete Whether every platform must be there, and run with {@link NEWEST_GLIBC}: not in a rehearsal.
 * @returns {Check[]}
 */
export function checkTarballs(tarballs, { version, names, repository, complete }) {
  const each = (/** @type {(tarball: Tarball) => string[]} */ faultsOf) =>
    tarballs.flatMap((tarball) => faultsOf(tarball).map((fault) => `${tarball.manifest.name}: ${fault}`));
  const platforms = tarballs.filter(({ manifest }) => manifest.name.startsWith(`${NATIVE}-`));
  const present = platforms.map(({ manifest }) => manifest.name.slice(NATIVE.length + 1));
  const wanted = complete ? PLATFORMS : present;
  const all = [...names, ...wanted.map((platform) => `${NATIVE}-${platform}`)];

  return [
    { name: "every package is there", faults: different(tarballs.map(({ manifest }) => manifest.name).sort(), all.sort()) },
    { name: "one version", faults: each(({ manifest }) => different([manifest.version], [version])) },
    { name: "the packages ask for each other at exactly that version", faults: each((tarball) => siblingFaults(tarball, all, version)) },
    { name: "nothing runs when they are installed", faults: each(installFaults) },
    { name: "README and LICENSE", faults: each(({ files }) => missing(files, ["README.md", "LICENSE", "package.json"])) },
    { name: "no files but those of the package's list", faults: each(fileFaults) },
    { name: "every file that package.json names", faults: each(({ manifest, files }) => missing(files, filesNamedIn(manifest))) },
    { name: "repository, as provenance needs it", faults: each((tarball) => repositoryFaults(tarball, repository)) },
    { name: "public", faults: each(({ manifest }) => different([manifest.publishConfig?.access], ["public"])) },
    {
      name: "the native package names the platforms",
      faults: each(({ manifest }) => (manifest.name === NATIVE ? platformListFaults(manifest, wanted) : [])),
    },
    { name: "addons are for their platforms", faults: platforms.flatMap((tarball) => addonFaults(tarball, complete)) },
  ];
}

// --- internal helpers ---

/** @param {readonly unknown[]} got @param {readonly unknown[]} expected @returns {string[]} */
function different(got, expected) {
  return String(got) === String(expected) ? [] : [`expected ${expected.join(", ")}, got ${got.join(", ")}`];
}

/** @param {readonly string[]} files @param {readonly string[]} wanted @returns {string[]} */
function missing(files, wanted) {
  return wanted.filter((file) => !files.includes(file)).map((file) => `expected ${file}, got none`);
}

/** @param {Tarball} tarball @param {readonly string[]} names @param {string} version @returns {string[]} */
function siblingFaults({ manifest }, names, version) {
  return Object.entries(siblingsOf(manifest, names)).flatMap(([name, range]) => different([`${name}@${range}`], [`${name}@${version}`]));
}

/** npm runs node-gyp by itself where it finds a binding.gyp, unless `gypfile` is false. @param {Tarball} tarball @returns {string[]} */
function installFaults({ manifest, files }) {
  const scripts = ["preinstall", "install", "postinstall", "prepare"].filter((name) => manifest.scripts?.[name] !== undefined);
  return [
    ...scripts.map((name) => `expected no ${name} script, got "${manifest.scripts[name]}"`),
    ...files.filter((file) => file.endsWith(".gyp")).map((file) => `expected no ${file}`),
    ...(manifest.name === NATIVE ? different([`gypfile ${manifest.gypfile}`], ["gypfile false"]) : []),
  ];
}

/** @param {Tarball} tarball @returns {string[]} */
function fileFaults({ manifest, files }) {
  const listed = ["package.json", "README.md", "LICENSE", ...(manifest.files ?? [])];
  return files
    .filter((file) => !listed.some((name) => file === name || file.startsWith(`${name}/`)) || /\.(test|bench)\.|(^|\/)\./.test(file))
    .map((file) => `expected no ${file}`);
}

/** @param {import("./packages.mjs").PackageJson} manifest @returns {string[]} */
function filesNamedIn({ main, module, types, exports }) {
  /** @type {(value: unknown) => string[]} */
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(/** @type {object} */ (value ?? {})).flatMap(leaves));
  return [...new Set([main, module, types, ...leaves(exports)].filter(Boolean).map((file) => file.replace(/^\.\//, "")))];
}

/** @param {Tarball} tarball @param {string} repository @returns {string[]} */
function repositoryFaults({ manifest }, repository) {
  const { url, directory } = manifest.repository ?? {};
  const wanted = manifest.name.startsWith(NATIVE) ? NATIVE : manifest.name;
  return different([url, directory], [`git+https://github.com/${repository}.git`, wanted.replace("@dropwise", "packages")]);
}

/** @param {import("./packages.mjs").PackageJson} manifest @param {readonly string[]} platforms @returns {string[]} */
function platformListFaults({ optionalDependencies }, platforms) {
  return different(Object.keys(optionalDependencies ?? {}).sort(), platforms.map((platform) => `${NATIVE}-${platform}`).sort());
}

/** @param {Tarball} tarball @param {boolean} complete @returns {string[]} */
function addonFaults({ manifest, files, read }, complete) {
  const platform = manifest.name.slice(NATIVE.length + 1);
  const [os, cpu, libc] = platform.split("-");
  if (!files.includes(manifest.main)) return [`${manifest.name}: expected ${manifest.main}, got none`];
  const bytes = read(manifest.main);
  const glibc = glibcOf(bytes);
  const named = [manifest.os, manifest.cpu, manifest.libc].flat().filter(Boolean);
  const expected = [os, cpu, libc === "gnu" ? "glibc" : libc].filter(Boolean);
  const tooNew = complete && glibc > NEWEST_GLIBC ? [`expected no glibc newer than 2.${NEWEST_GLIBC}, got 2.${glibc}`] : [];
  return [...different(named, expected), ...different([platformOf(bytes) ?? "something else"], [platform]), ...tooNew].map(
    (fault) => `${manifest.name}: ${fault}`,
  );
}
