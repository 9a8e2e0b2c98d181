/**
 * Checks that the pictures in docs/masks are what the layers draw. `--update` writes them. Run `npm run build` first: the layers are those of the built package.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { drawPictures } from "./mask-pictures/pictures.mjs";
import { root } from "./workspace.mjs";

const update = process.argv.includes("--update");
const folder = join(root, "docs", "masks");
const pictures = drawPictures();

if (update) mkdirSync(folder, { recursive: true });
const there = existsSync(folder) ? readdirSync(folder) : [];
const changed = [...pictures].filter(([name, text]) => !there.includes(name) || readFileSync(join(folder, name), "utf8") !== text);
const stale = there.filter((name) => !pictures.has(name));
if (update) {
  for (const [name, text] of changed) writeFileSync(join(folder, name), text);
  for (const name of stale) rmSync(join(folder, name));
  for (const name of [...changed.map(([name]) => name), ...stale])
    console.log(`${stale.includes(name) ? "removed" : "wrote"} docs/masks/${name}`);
}
const faults = update
  ? []
  : [
      ...changed.map(([name]) => `${name}: expected what the layer draws, got another picture or none`),
      ...stale.map((name) => `${name}: expected a member that draws it, found none`),
    ];
console.log(`${faults.length === 0 ? "ok    " : "FAILED"} ${relative(root, folder)}: ${pictures.size} pictures`);
for (const fault of faults) console.log(`  ${fault} - run \`npm run pictures -- --update\` if the change is meant, and commit it`);
process.exitCode = faults.length === 0 ? 0 : 1;
