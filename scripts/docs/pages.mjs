/**
 * The repository's pages as pages of the site: copies in a folder of their own, in the places they have in the repository, so that links between them
 * lead on as they are. Other files that they link to become pages, too, and their pictures come along.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, normalize } from "node:path";
import { root } from "../workspace.mjs";

/** The guides in the order of a reader; pages that are not named here come last. */
const GUIDES = [
  ...[
    "get-started",
    "dropout",
    "dropout-family",
    "data",
    "coming-from-pytorch",
    "models",
    "choosing-a-backend",
    "reproducibility",
    "distributed",
    "performance",
  ],
  ...["troubleshooting", "whose-mask", "random-stream", "write-a-backend"],
];

/**
 * A part of the site: a page at the top of the navigation, and those below it.
 *
 * @typedef {object} Part
 * @property {string} title
 * @property {string} intro
 * @property {string[]} pages As paths in the repository.
 */

/** @type {readonly Part[]} */
const PARTS = [
  {
    title: "Packages",
    intro: "What each package is for, how it is installed and what it needs. Their functions and types are in the reference.",
    pages: [
      ...["core", "weights", "backend-wasm", "backend-native", "backend-webgpu", "distributed", "conformance"],
      ...["kernels", "addon"],
    ].map((name) => `packages/${name}/README.md`),
  },
  {
    title: "Programs",
    intro: "What can be run from a clone of the repository.",
    pages: ["apps/quickstart/README.md", "apps/playground/README.md", "bench/README.md"],
  },
  {
    title: "Project",
    intro: "How to take part, and what holds for everybody.",
    pages: ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"],
  },
];

/** Languages of files that pages link to, by their extension. */
const LANGUAGES = /** @type {Record<string, string>} */ ({ ".ts": "ts", ".mjs": "js", ".json": "json", ".yml": "yaml" });

/**
 * What was written.
 *
 * @typedef {object} Pages
 * @property {string} readme The front page.
 * @property {string[]} documents The pages at the top of the navigation; they name those below them.
 * @property {ReadonlyMap<string, string>} addresses Where each page is in the site, without ".html", by its place in the navigation: "Guides.Get started".
 */

/**
 * Writes the pages of the site.
 *
 * @param {string} folder Emptied first.
 * @returns {Pages}
 */
export function writePages(folder) {
  rmSync(folder, { recursive: true, force: true });
  const parts = [{ title: "Guides", intro: "Each can be read by itself. The tests run their code.", pages: guides() }, ...PARTS];
  const pages = new Set(["README.md", ...parts.flatMap((part) => part.pages)]);
  const files = new Set([...pages].flatMap((page) => filesLinkedFrom(page, pages)));
  for (const page of pages) write(folder, page, pageOf(page, pages, files));
  for (const file of files) write(folder, `${file}.md`, pageOfFile(file));
  for (const picture of new Set([...pages].flatMap(picturesOf))) copy(folder, picture);

  const below = [...files].sort().map((file) => `${file}.md`);
  const all = [...parts, { title: "Files", intro: "Files of the repository that other pages speak of.", pages: below }];
  const addresses = new Map(
    all.flatMap(({ title, pages: inside }) => [
      /** @type {const} */ ([title, title.toLowerCase()]),
      ...inside.map((page) => /** @type {const} */ ([`${title}.${titleIn(folder, page)}`, `${title.toLowerCase()}/${addressOf(page)}`])),
    ]),
  );
  const documents = all.map((part) => write(folder, `${part.title.toLowerCase()}.md`, pageOfPart(part, folder)));
  return { readme: join(folder, "README.md"), documents, addresses };
}

// --- internal helpers ---

const LINK = /(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)/g;
const PICTURE = /!\[[^\]\n]*\]\(([^)\s]+)\)/g;

function guides() {
  const place = (/** @type {string} */ name) => (GUIDES.includes(name) ? GUIDES.indexOf(name) : GUIDES.length);
  return readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => basename(name, ".md"))
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .map((name) => `docs/${name}.md`);
}

/** A link's file, as a path in the repository, and its anchor; none for other sites and for the page itself. @param {string} page @param {string} target */
function resolveLink(page, target) {
  const [path = "", anchor] = target.split("#");
  if (path === "" || /^[a-z]+:/.test(target)) return undefined;
  return { path, file: normalize(join(dirname(page), path)), anchor: anchor === undefined ? "" : `#${anchor}` };
}

/** Files that a page links to and that are no pages. @param {string} page @param {ReadonlySet<string>} pages @returns {string[]} */
function filesLinkedFrom(page, pages) {
  return [...read(page).matchAll(LINK)].flatMap((match) => {
    const link = resolveLink(page, match[2] ?? "");
    return link === undefined || pages.has(link.file) || !isFile(link.file) ? [] : [link.file];
  });
}

/** Files that a page shows as pictures. @param {string} page @returns {string[]} */
function picturesOf(page) {
  return [...read(page).matchAll(PICTURE)].flatMap((match) => resolveLink(page, match[1] ?? "")?.file ?? []);
}

/** @param {string} file as a path in the repository */
function isFile(file) {
  return !file.startsWith("..") && existsSync(join(root, file)) && statSync(join(root, file)).isFile();
}

/** A page, whose links to files lead to their pages. @param {string} page @param {ReadonlySet<string>} pages @param {ReadonlySet<string>} files */
function pageOf(page, pages, files) {
  const text = read(page).replace(LINK, (whole, label, target) => {
    const link = resolveLink(page, target);
    if (link === undefined || pages.has(link.file)) return whole;
    // What is left are folders.
    return files.has(link.file) ? `[${label}](${link.path}.md${link.anchor})` : label;
  });
  // The site shows its own name on the front page. Elsewhere the heading is the title, without marks that the list of headings would drop.
  const [body, title] = [text.replace(/^# .*\n+/, ""), titleOf(text, page)];
  return page === "README.md" ? body : withTitle(title, body);
}

/** A page that shows a file. @param {string} file */
function pageOfFile(file) {
  const language = LANGUAGES[extname(file)];
  // Four marks: the file may have three of its own.
  const body = language === undefined ? read(file) : `\`\`\`\`${language}\n${read(file).trimEnd()}\n\`\`\`\`\n`;
  return withTitle(file, body);
}

/** @param {Part} part @param {string} folder */
function pageOfPart({ title, intro, pages }, folder) {
  return withTitle(title, `${intro}\n\n${pages.map((page) => `- [${titleIn(folder, page)}](${page})\n`).join("")}`, pages);
}

/** A page with its heading, after what TypeDoc reads of it. @param {string} title @param {string} body @param {readonly string[]} [children] */
function withTitle(title, body, children = []) {
  const list = children.length === 0 ? "" : `children:\n${children.map((child) => `  - ${JSON.stringify(`./${child}`)}\n`).join("")}`;
  return `---\ntitle: ${JSON.stringify(title)}\n${list}---\n\n# ${title}\n\n${body}`;
}

/** The title of a page that was written. @param {string} folder @param {string} page @returns {string} */
function titleIn(folder, page) {
  return JSON.parse(/^title: (.*)$/m.exec(readFileSync(join(folder, page), "utf8"))?.[1] ?? '""');
}

/** The first heading, without its marks. @param {string} text @param {string} page @returns {string} */
function titleOf(text, page) {
  return /^# (.*)$/m.exec(text)?.[1]?.replaceAll("`", "") ?? page;
}

/** "core" for packages/core/README.md, "dropout" for docs/dropout.md; a file keeps its path. @param {string} page */
function addressOf(page) {
  const name = basename(page, ".md");
  if (name === "README") return basename(dirname(page));
  return page.startsWith("docs/") || !page.includes("/") ? name.toLowerCase() : page.slice(0, -".md".length).replace(/(^|\/)\./g, "$1"); // hosts leave out hidden files
}

/** @param {string} page */
const read = (page) => readFileSync(join(root, page), "utf8");

/** @param {string} folder @param {string} page @param {string} text @returns {string} the file */
function write(folder, page, text) {
  const file = join(folder, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** @param {string} folder @param {string} file as a path in the repository */
function copy(folder, file) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  copyFileSync(join(root, file), join(folder, file));
}
