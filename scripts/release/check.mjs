/** What must hold for the tarballs of a release. */
import { ADDONS, platformIn } from "../../packages/addon/addons.mjs";
import { glibcOf, platformOf } from "./addon.mjs";
import { siblingsOf } from "./packages.mjs";

/** @typedef {import("./tarballs.mjs").Tarball} Tarball */

/** Node 20 itself needs glibc 2.28; an addon that needs a newer one would fail where Node runs. */
const NEWEST_GLIBC = 28;

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
  const platforms = tarballs.filter(({ manifest }) => platformIn(manifest.name) !== undefined);
  const present = platforms.map(({ manifest }) => manifest.name);
  const ofReleases = ADDONS.flatMap((addon) =>
    names.includes(addon.name) ? addon.platforms.map((platform) => `${addon.name}-${platform}`) : [],
  );
  const wanted = complete ? ofReleases : present;
  const all = [...names, ...wanted];

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
      name: "packages with an addon name those of the platforms",
      faults: each(({ manifest }) => (hasAddon(manifest) ? platformListFaults(manifest, wanted) : [])),
    },
    { name: "addons are for their platforms", faults: platforms.flatMap((tarball) => addonFaults(tarball, complete)) },
  ];
}

// --- internal helpers ---

/** @param {import("./packages.mjs").PackageJson} manifest */
function hasAddon({ name }) {
  return ADDONS.some((addon) => addon.name === name);
}

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
    ...(hasAddon(manifest) ? different([`gypfile ${manifest.gypfile}`], ["gypfile false"]) : []),
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
  const wanted = platformIn(manifest.name)?.addon.name ?? manifest.name;
  return different([url, directory], [`git+https://github.com/${repository}.git`, wanted.replace("@dropwise", "packages")]);
}

/** @param {import("./packages.mjs").PackageJson} manifest @param {readonly string[]} wanted The packages of all platforms, those of other addons too. */
function platformListFaults({ name, optionalDependencies }, wanted) {
  const own = wanted.filter((each) => platformIn(each)?.addon.name === name);
  return different(Object.keys(optionalDependencies ?? {}).sort(), own.sort());
}

/** @param {Tarball} tarball @param {boolean} complete @returns {string[]} */
function addonFaults({ manifest, files, read }, complete) {
  const platform = platformIn(manifest.name)?.platform ?? "";
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
