/**
 * Releases. The steps are those of .github/workflows/release.yml; `npm run release:dry` goes through all of them here, without publishing.
 *
 *     node scripts/release.mjs --dry                 a rehearsal, in a fresh copy
 *     node scripts/release.mjs plan [--offline]      what is to be done for this commit: mode=version, publish or nothing, and version=…
 *     node scripts/release.mjs version               raises the versions by the changesets
 *     node scripts/release.mjs pack DIR              the tarballs, checked; the repository is GITHUB_REPOSITORY
 *     node scripts/release.mjs publish DIR           publishes those that the registry lacks
 *     node scripts/release.mjs notes                 the change logs' words on this version
 *     node scripts/release.mjs trust OWNER/NAME      the commands that let the workflow publish, once for each package
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ADDONS } from "../packages/addon/addons.mjs";
import { releaseNotes } from "./release/changelog.mjs";
import { checkTarballs } from "./release/check.mjs";
import { packAll } from "./release/pack.mjs";
import { currentVersion, inPublishOrder, publicPackages } from "./release/packages.mjs";
import { publishAll } from "./release/publish.mjs";
import { NOWHERE, rehearse } from "./release/rehearse.mjs";
import { readTarballs } from "./release/tarballs.mjs";
import { pendingChangesets, raiseVersions } from "./release/version.mjs";
import { root } from "./workspace.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dry: { type: "boolean" }, offline: { type: "boolean" }, rehearsal: { type: "boolean" }, "dry-run": { type: "boolean" } },
});
const [command, argument] = values.dry === true ? ["dry"] : positionals;

/** @type {Record<string, () => boolean | void>} False: it went to its end, and something is wrong. */
const commands = {
  dry: rehearse,
  plan: () => {
    const version = currentVersion();
    const waiting = pendingChangesets().length > 0;
    const mode = waiting ? "version" : values.offline !== true && isTagged(`v${version}`) ? "nothing" : "publish";
    console.log(`mode=${mode}\nversion=${version}`);
  },
  version: () => console.log(raiseVersions()),
  pack: () => {
    const folder = resolve(argument ?? "tarballs");
    const repository = process.env.GITHUB_REPOSITORY ?? (values.rehearsal === true ? NOWHERE : "");
    packAll(folder, repository);
    return report(folder, repository);
  },
  publish: () => {
    const tarballs = readTarballs(resolve(argument ?? "tarballs"));
    publishAll(tarballs, { dryRun: values["dry-run"] === true, say: console.log });
  },
  notes: () => {
    const packages = publicPackages().map(({ name, folder }) => {
      const file = join(folder, "CHANGELOG.md");
      return { name, changelog: existsSync(file) ? readFileSync(file, "utf8") : "" };
    });
    console.log(releaseNotes(packages, currentVersion()));
  },
  trust: () => {
    const names = inPublishOrder(publicPackages()).map(({ name }) => name);
    const ofPlatforms = ADDONS.flatMap(({ name, platforms }) => platforms.map((platform) => `${name}-${platform}`));
    for (const name of [...names, ...ofPlatforms]) {
      console.log(`npm trust github ${name} --repo ${argument ?? "OWNER/NAME"} --file release.yml --env npm --allow-publish --yes`);
    }
  },
};

const run = commands[command ?? ""];
if (run === undefined) {
  console.error(`release: expected one of ${Object.keys(commands).join(", ")}, got ${command ?? "nothing"}`);
  process.exitCode = 2;
} else {
  try {
    if (run() === false) process.exitCode = 1;
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}

// --- internal helpers ---

/** Whether the release has been made. @param {string} tag */
function isTagged(tag) {
  const { status, stderr } = spawnSync("git", ["ls-remote", "--exit-code", "--tags", "origin", `refs/tags/${tag}`], {
    cwd: root,
    encoding: "utf8",
  });
  if (status === 0) return true;
  if (status === 2) return false; // git's word for "none"
  throw new Error(`release: the tags of the repository could not be read: ${stderr}`);
}

/** Prints what holds for the tarballs and what does not. @param {string} folder @param {string} repository @returns {boolean} */
function report(folder, repository) {
  const tarballs = inPublishOrder(readTarballs(folder));
  for (const { manifest, size, files } of tarballs) {
    console.log(
      `       ${`${manifest.name} ${manifest.version}`.padEnd(48)}${(size / 1024).toFixed(1).padStart(7)} kB${String(files.length).padStart(5)} files`,
    );
  }
  const names = publicPackages().map(({ name }) => name);
  const checks = checkTarballs(tarballs, { version: currentVersion(), names, repository, complete: values.rehearsal !== true });
  for (const { name, faults } of checks) {
    console.log(`${faults.length === 0 ? "ok    " : "FAILED"} ${name}${faults.map((fault) => `\n         ${fault}`).join("")}`);
  }
  return checks.every(({ faults }) => faults.length === 0);
}
