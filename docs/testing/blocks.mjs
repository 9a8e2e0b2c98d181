/**
 * The code blocks of a Markdown page, and what they say of themselves. Plain JavaScript: the tests of the pages read them here, the scripts that run
 * them on the packed packages too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/workspace.mjs";

/**
 * A fenced code block.
 *
 * @typedef {object} Block
 * @property {string} place The page, relative to the top folder, and the line of its first line of code: "README.md:7".
 * @property {string} language What follows the opening fence, such as "ts".
 * @property {string} code
 */

/** @param {string} page @returns {string[]} */
export const linesOf = (page) => readFileSync(join(root, page), "utf8").split("\n");

/**
 * The fenced blocks of a page, in order.
 *
 * @param {string} page
 * @returns {Block[]}
 */
export function blocksOf(page) {
  /** @type {Block[]} */
  const blocks = [];
  const lines = linesOf(page);
  for (let i = 0; i < lines.length; i++) {
    const opening = /^```(.*)$/.exec(lines[i] ?? "");
    if (opening === null) continue;
    const end = lines.indexOf("```", i + 1);
    if (end === -1) throw new Error(`${page}:${i + 1}: expected a closing fence, got the end of the page`);
    blocks.push({ place: `${page}:${i + 2}`, language: (opening[1] ?? "").trim(), code: lines.slice(i + 1, end).join("\n") });
    i = end;
  }
  return blocks;
}

/**
 * The name that a block gives itself by a first line such as `// stream.mjs`; later blocks of the page may import it.
 *
 * @param {Block} block
 * @returns {string | undefined}
 */
export function fileNameOf(block) {
  return /^\/\/ (\S+\.[mc]?[jt]s)\n/.exec(block.code)?.[1];
}

/**
 * What a block says that it prints: the comment after each `console.log(...);`.
 *
 * @param {Block} block
 * @returns {string[]}
 */
export function expectedLines(block) {
  return block.code.split("\n").flatMap((line) => {
    if (!line.includes("console.log(")) return [];
    const comment = /\); \/\/ (.*)$/.exec(line)?.[1];
    if (comment === undefined) throw new Error(`${block.place}: expected what it prints in a comment after \`${line.trim()}\`, got none`);
    return [comment];
  });
}
