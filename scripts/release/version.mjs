/**
 * Raises the version of all public packages by what the changesets ask for, and writes the change logs and the lock file.
 *
 * `changeset version` alone would not do: packages have core as a peer, at exactly their own version, and changesets takes a minor change of a
 * peer for a major one of all who have it, which made 1.0.0 of 0.1.0. So those peers are set aside while it works, and put back at the new version.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "../workspace.mjs";
import { withFilledEntry } from "./changelog.mjs";
import { currentVersion, publicPackages } from "./packages.mjs";

/** @typedef {import("./packages.mjs").PackageJson} PackageJson */

/** The changesets that wait for a release, by file name. @returns {string[]} */
export function pendingChangesets() {
  return readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");
}

/** @returns {string} the new version */
export function raiseVersions() {
  if (pendingChangesets().length === 0) throw new Error("release: expected a changeset, got none - write one with `npm run changeset`");
  const before = publicPackages();
  const names = before.map(({ name }) => name);
  for (const { folder, manifest } of before) writeManifest(folder, withoutPeers(manifest, names));
  let raised = false;
  try {
    const cli = join(root, "node_modules", "@changesets", "cli", "bin.js");
    raised = spawnSync(process.execPath, [cli, "version"], { cwd: root, stdio: "inherit" }).status === 0;
  } finally {
    for (const { folder, manifest } of before) {
      const now = readJson(join(folder, "package.json"));
      writeManifest(folder, withPeers(now, manifest, names, raised ? now.version : manifest.version));
    }
  }
  if (!raised) throw new Error("release: `changeset version` failed, see above");

  const version = currentVersion();
  for (const { folder } of before) {
    const file = join(folder, "CHANGELOG.md");
    if (existsSync(file)) writeFileSync(file, withFilledEntry(readFileSync(file, "utf8"), version));
  }
  const lock = spawnSync(process.execPath, [join(root, "scripts", "complete-lock.mjs")], { cwd: root, stdio: "inherit" });
  if (lock.status !== 0) throw new Error("release: package-lock.json could not be written anew, see above");
  return version;
}

/**
 * A package.json whose peers are only those from elsewhere.
 *
 * @param {PackageJson} manifest
 * @param {readonly string[]} names Those of the public packages.
 * @returns {PackageJson}
 */
export function withoutPeers(manifest, names) {
  if (manifest.peerDependencies === undefined) return manifest;
  const others = Object.entries(manifest.peerDependencies).filter(([name]) => !names.includes(name));
  return { ...manifest, peerDependencies: Object.fromEntries(others) };
}

/**
 * A package.json with the peers back that it had before, the public packages among them at `version`.
 *
 * @param {PackageJson} manifest
 * @param {PackageJson} before
 * @param {readonly string[]} names Those of the public packages.
 * @param {string} version
 * @returns {PackageJson}
 */
export function withPeers(manifest, before, names, version) {
  if (before.peerDependencies === undefined) return manifest;
  const peers = Object.entries(before.peerDependencies).map(([name, range]) => [name, names.includes(name) ? version : range]);
  return { ...manifest, peerDependencies: Object.fromEntries(peers) };
}

// --- internal helpers ---

/** @param {string} folder @param {PackageJson} manifest */
function writeManifest(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
