/**
 * Builds the site into `site/`: the guides, the reference of every public package, and the playground; then follows its links. Run `npm run build` first,
 * for the playground.
 */
import { cpSync, existsSync } from "node:fs";
import { join, relative } from "node:path";
import { checkLinks } from "./docs/links.mjs";
import { writePages } from "./docs/pages.mjs";
import { writeReference } from "./docs/reference.mjs";
import { root } from "./workspace.mjs";

const site = join(root, "site");
const playground = join(root, "apps", "playground", "dist");

process.exitCode = (await build()) ? 0 : 1;

/** @returns {Promise<boolean>} whether all is well; what is not has been said */
async function build() {
  if (!existsSync(playground)) {
    console.error(`docs: expected the playground in ${relative(root, playground)}, found none - run \`npm run build\` first`);
    return false;
  }
  const pages = writePages(join(root, "build", "pages"));
  if (!(await writeReference({ out: site, ...pages }))) return false;
  cpSync(playground, join(site, "playground"), { recursive: true });

  const { checked, broken } = await checkLinks(site);
  for (const link of broken) console.error(`docs: expected a page or heading behind each link, got none for ${link}`);
  console.log(
    `${broken.length === 0 ? "ok    " : "FAILED"} ${relative(root, site)}: ${checked} pages and files, ${broken.length} broken links`,
  );
  return broken.length === 0;
}
