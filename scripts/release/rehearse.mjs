/**
 * A release from beginning to end on this machine, in a fresh copy of what is committed, without publishing. Each step is what the workflow
 * runs, with the addons of this platform alone.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { leftOut, readJson, root, workspacePackages } from "../workspace.mjs";
import { entryOf } from "./changelog.mjs";
import { npm } from "./npm.mjs";
import { addonPackages, currentVersion, publicPackages, siblingsOf, thisPlatform } from "./packages.mjs";

/** Where a rehearsal says that the sources are. */
export const NOWHERE = "example/dropwise";

const PROBE = `---
"@dropwise/core": minor
---

A change for the rehearsal.
`;

/** Prints a report that ends with totals. @returns {boolean} whether all went well */
export function rehearse() {
  const totals = { passed: 0, failed: 0 };
  const folder = mkdtempSync(join(tmpdir(), "dropwise-release-"));
  const copy = join(folder, "copy");
  const tarballs = join(folder, "tarballs");

  /** One step: its lines, which say "ok" or "FAILED", are counted; without any, the step itself is. */
  const step = (/** @type {string} */ name, /** @type {() => string | void} */ run) => {
    const started = performance.now();
    console.log(`\n== ${name}`);
    let text = "";
    let failed = false;
    try {
      text = run() ?? "";
    } catch (error) {
      failed = true;
      text = `FAILED ${/** @type {Error} */ (error).message}`;
    }
    if (!/^(ok {4}|FAILED)/m.test(text)) text += `${text === "" ? "" : "\n"}ok     ${name}`;
    console.log(`${text}\n(${((performance.now() - started) / 1000).toFixed(1)} s)`);
    totals.passed += text.match(/^ok {4}/gm)?.length ?? 0;
    totals.failed += text.match(/^FAILED/gm)?.length ?? 0;
    return !failed;
  };
  const inCopy = (/** @type {string[]} */ ...args) => output(process.execPath, args, copy);
  const release = (/** @type {string[]} */ ...args) => inCopy(join("scripts", "release.mjs"), ...args);

  try {
    console.log(`A release of ${output("git", ["log", "-1", "--format=%h %s"], root)}, in ${folder}`);
    const changed = output("git", ["status", "--porcelain"], root);
    if (changed !== "") console.log(`What is not committed takes no part: ${changed.split("\n").length} files.`);

    const ready = step("a fresh copy with its packages", () => {
      output("git", ["clone", "--quiet", root, copy], folder);
      npm(["ci", "--ignore-scripts", "--prefer-offline", "--no-fund", "--no-audit", "--loglevel=error"], copy);
    });
    if (!ready) return false;

    step("the next version, after a minor change of core", () => {
      writeFileSync(join(copy, ".changeset", "rehearsal.md"), PROBE);
      release("version");
      const report = versionReport(copy);
      output("git", ["reset", "--quiet", "--hard"], copy);
      output("git", ["clean", "--quiet", "-fd"], copy);
      return report;
    });
    step("what waits for a release", () => {
      const { mode, version } = Object.fromEntries(
        release("plan", "--offline")
          .split("\n")
          .map((line) => line.split("=")),
      );
      if (mode !== "version") return `no changeset waits: version ${version} is what comes next`;
      release("version");
      return versionReport(copy);
    });
    step("the build", () => void inCopy(join("scripts", "setup.mjs")));
    const platform = thisPlatform();
    for (const { name, directory, platforms } of addonPackages()) {
      const pkg = workspacePackages().find((each) => each.name === name);
      const reason = platforms.includes(platform) ? pkg && leftOut(pkg) : `it is not for ${platform}`;
      if (reason !== undefined) console.log(`\nNo addon of ${name} is built here: ${reason}`);
      else {
        step(`the addon of ${name} as a package for this platform`, () => {
          inCopy(join(directory, "scripts", "platform-package.mjs"), platform);
          return `ok     ${platform}; the others are made by the workflow`;
        });
      }
    }
    step("the tarballs", () => release("pack", tarballs, "--rehearsal"));
    step("publishing, but for the last step", () => release("publish", tarballs, "--dry-run"));
    return totals.failed === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  }
}

// --- internal helpers ---

/** What must hold once versions have been raised, in a copy. @param {string} copy @returns {string} */
function versionReport(copy) {
  const before = currentVersion();
  const inCopy = (/** @type {string} */ folder) => join(copy, relative(root, folder));
  const packages = publicPackages().map(({ name, folder }) => {
    const changelog = readFileSync(join(inCopy(folder), "CHANGELOG.md"), "utf8");
    return { name, manifest: readJson(join(inCopy(folder), "package.json")), changelog };
  });
  const names = packages.map(({ name }) => name);
  const version = packages[0]?.manifest.version;
  const [major] = before.split(".");
  /** @type {[string, boolean][]} */
  const lines = [
    [
      `${before} becomes ${version}, the same for all`,
      packages.every(({ manifest }) => manifest.version === version && version !== before),
    ],
    ["a minor change makes no major version", version.startsWith(`${major}.`)],
    [
      "the packages ask for each other at exactly that version",
      packages.every(({ manifest }) => Object.values(siblingsOf(manifest, names)).every((range) => range === version)),
    ],
    ["every change log has an entry for it", packages.every(({ changelog }) => (entryOf(changelog, version) ?? "") !== "")],
    ["package-lock.json says the same", lockAgrees(copy)],
  ];
  return lines.map(([line, holds]) => `${holds ? "ok    " : "FAILED"} ${line}`).join("\n");
}

/** Whether `npm ci` would take the lock file. @param {string} copy */
function lockAgrees(copy) {
  try {
    npm(["ci", "--dry-run", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], copy);
    return true;
  } catch {
    return false;
  }
}

/** What a program printed. @param {string} command @param {string[]} args @param {string} cwd @returns {string} */
function output(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status === 0) return stdout.trimEnd();
  throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}${stderr}`);
}
