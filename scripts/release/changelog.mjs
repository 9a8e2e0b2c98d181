/** The change logs that changesets writes, one for each public package. */

/**
 * What a change log says of one version, without its heading. Empty when it says nothing; undefined when the version is not there.
 *
 * @param {string} changelog
 * @param {string} version
 * @returns {string | undefined}
 */
export function entryOf(changelog, version) {
  const lines = changelog.split("\n");
  const start = lines.indexOf(`## ${version}`);
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  return (end === -1 ? rest : rest.slice(0, end)).join("\n").trim();
}

/** What an entry says of a package that is released for the sake of the others. */
export const NOTHING_OF_ITS_OWN = "Nothing changed here; all packages are released together.";

/**
 * The change log with an empty entry filled, so that nobody takes it for a mistake.
 *
 * @param {string} changelog
 * @param {string} version
 * @returns {string}
 */
export function withFilledEntry(changelog, version) {
  if (entryOf(changelog, version) !== "") return changelog;
  const heading = `## ${version}\n`;
  const [before = "", after = ""] = changelog.split(heading);
  const rest = after.trimStart();
  return `${before}${heading}\n${NOTHING_OF_ITS_OWN}\n${rest === "" ? "" : `\n${rest}`}`;
}

/**
 * The text of a release: what each package's change log says of the version, those that have nothing to say left out.
 *
 * @param {readonly { name: string, changelog: string }[]} packages
 * @param {string} version
 * @returns {string}
 */
export function releaseNotes(packages, version) {
  return packages
    .map(({ name, changelog }) => ({ name, entry: entryOf(changelog, version) }))
    .filter(({ entry }) => entry !== undefined && entry !== "" && entry !== NOTHING_OF_ITS_OWN)
    .map(({ name, entry }) => `## ${name}\n\n${entry}\n`)
    .join("\n");
}
