/** The Markdown pages of the project, as the tests here see them: which there are, links and headings. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../../scripts/workspace.mjs";
import { linesOf } from "./blocks.mjs";

/** A link to a file or heading of the project. */
export interface Link {
  readonly place: string;
  readonly target: string;
}

/** A page in pieces of one file, which the conformance package tests and compares with the page. */
const TESTED_ELSEWHERE = ["docs/write-a-backend.md"];

/** Pages whose code runs with core and weights alone: the top one, those of the two packages, and those in this folder. */
export function pagesWithCode(): string[] {
  const pages = ["README.md", "CONTRIBUTING.md", "packages/core/README.md", "packages/weights/README.md", ...markdownIn("docs")];
  return pages.filter((page) => !TESTED_ELSEWHERE.includes(page));
}

/** Every page, those of all packages included. */
export function allPages(): string[] {
  const holders = ["packages", "apps"].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`));
  const inFolders = ["", "docs", "bench", ".changeset", ...holders].flatMap(markdownIn);
  return [...new Set(inFolders)];
}

/** The links of a page that lead to a file or heading of the project; addresses elsewhere are left out. */
export function localLinksOf(page: string): Link[] {
  return proseOf(page).flatMap(({ text, line }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => ({ place: `${page}:${line}`, target: match[1] as string }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** The names by which a page's headings can be linked, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return proseOf(page)
    .filter(({ text }) => /^#+ /.test(text))
    .map(({ text }) =>
      text
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, "")
        .replaceAll(" ", "-"),
    );
}

/** Whether git ignores a path, which a reader's clone then does not have. */
export function isIgnored(path: string): boolean {
  try {
    execFileSync("git", ["check-ignore", "--quiet", path], { cwd: root, stdio: "ignore" });
    return true;
  } catch {
    return false; // also where there is no git: an unpacked archive holds no ignored files
  }
}

// --- internal helpers ---

function markdownIn(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(".md"))
    .map((name) => relative(root, join(path, name)));
}

/** The lines outside code blocks. */
function proseOf(page: string): { text: string; line: number }[] {
  let inCode = false;
  return linesOf(page).flatMap((text, i) => {
    const isFence = text.startsWith("```");
    if (isFence) inCode = !inCode;
    return isFence || inCode ? [] : [{ text, line: i + 1 }];
  });
}
