/** The pages that show what was found: the one of the experiments, and the guides with tables of them. */
import { readFileSync, writeFileSync } from "node:fs";
import { page, table, taskInWords } from "./report.mjs";

/** @typedef {{ seeds: number, rows: number, noise: number, found: readonly import("./report.mjs").Found[] }} Kept */

/** What the last whole run found. @returns {Kept} */
export const readKept = () => JSON.parse(readFileSync(new URL("kept/results.json", import.meta.url), "utf8"));

/** Pages with tables, by what is to be in them. @type {Readonly<Record<string, (text: string, kept: Kept) => string>>} */
export const PAGES = {
  "experiments/README.md": (_text, kept) => page(kept.found, kept),
  "docs/dropout.md": withTables,
  "docs/dropout-family.md": withTables,
};

/** Writes them all anew. */
export function writePages() {
  const kept = readKept();
  for (const [name, made] of Object.entries(PAGES)) {
    const file = new URL(`../${name}`, import.meta.url);
    writeFileSync(file, made(readFileSync(file, "utf8"), kept));
    console.log(`wrote ${name}`);
  }
}

// --- internal helpers ---

/** What stands between `<!-- experiment: NAME -->` and `<!-- end -->` is the table of that claim, or with the name `task` what they all were about. */
const PLACE = /(<!-- experiment: ([\w-]+) -->\n)((?:(?!<!--)[\s\S])*)(<!-- end -->)/g;

/** @param {string} text @param {Kept} kept */
function withTables(text, kept) {
  return text.replace(PLACE, (_whole, opening, name, _before, closing) => {
    const found = kept.found.find((each) => each.name === name);
    if (found === undefined && name !== "task") throw new RangeError(`pages: expected a claim that was tried, got ${name}`);
    return `${opening}\n${found === undefined ? taskInWords(kept) : table(found)}\n\n${closing}`;
  });
}
