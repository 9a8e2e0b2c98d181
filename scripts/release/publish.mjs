/** Publishes tarballs, in an order in which nothing is missing for those who install meanwhile. */
import { root } from "../workspace.mjs";
import { tryNpm } from "./npm.mjs";
import { inPublishOrder } from "./packages.mjs";

/** @typedef {import("./tarballs.mjs").Tarball} Tarball */

/** The oldest npm that publishes by the workflow's identity, without a token. */
const OLDEST_NPM = [11, 5, 1];

/**
 * Publishes what the registry does not have yet, so that a release that was cut short can be run again.
 *
 * @param {readonly Tarball[]} tarballs
 * @param {{ dryRun: boolean, say: (line: string) => void }} options
 */
export function publishAll(tarballs, { dryRun, say }) {
  const { output } = tryNpm(["--version"], root);
  if (!isNewEnough(output)) throw new Error(`release: expected npm >= ${OLDEST_NPM.join(".")}, got ${output} - use Node 24 or later`);
  for (const { path, manifest } of inPublishOrder(tarballs)) {
    const name = `${manifest.name}@${manifest.version}`;
    if (isPublished(name)) {
      say(`ok     ${name} is published already`);
      continue;
    }
    const { status, errors } = tryNpm(
      publishArguments(path, manifest.version, { dryRun, inWorkflow: process.env.GITHUB_ACTIONS === "true" }),
      root,
    );
    if (status !== 0) throw new Error(`release: ${name} was not published:\n${errors}`);
    say(`ok     ${name} ${dryRun ? "would be published" : "is published"}`);
  }
}

/**
 * @param {string} path
 * @param {string} version
 * @param {{ dryRun: boolean, inWorkflow: boolean }} where Provenance says which workflow built a package; on a person's machine there is none.
 * @returns {string[]}
 */
export function publishArguments(path, version, { dryRun, inWorkflow }) {
  return [
    "publish",
    path,
    "--access=public",
    "--ignore-scripts",
    `--tag=${version.includes("-") ? "next" : "latest"}`,
    ...(inWorkflow ? ["--provenance"] : []),
    ...(dryRun ? ["--dry-run"] : []),
  ];
}

/** @param {string} version */
export function isNewEnough(version) {
  const parts = version.split(".").map(Number);
  const first = OLDEST_NPM.findIndex((part, i) => part !== parts[i]);
  return first === -1 || Number(parts[first]) > Number(OLDEST_NPM[first]);
}

// --- internal helpers ---

/** @param {string} name With its version. */
function isPublished(name) {
  const { status, output, errors } = tryNpm(["view", name, "version"], root);
  if (status === 0) return output !== ""; // a package that is there, without that version, is no error
  if (errors.includes("E404")) return false;
  throw new Error(`release: the registry did not say whether it has ${name}: ${errors}`);
}
