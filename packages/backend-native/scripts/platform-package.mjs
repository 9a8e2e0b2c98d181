/**
 * For releases; nothing of this is committed.
 *
 *     node scripts/platform-package.mjs linux-x64-gnu            the addon just built as a package, in npm/linux-x64-gnu
 *     node scripts/platform-package.mjs --list linux-x64-gnu,…   names those packages in this one's optionalDependencies
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ options: { list: { type: "string" } }, allowPositionals: true });
const folder = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const nameOf = (/** @type {string} */ platform) => `${manifest.name}-${platform}`;
const write = (/** @type {string} */ file, /** @type {object} */ content) => writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);

if (values.list !== undefined) {
  manifest.optionalDependencies = Object.fromEntries(values.list.split(",").map((platform) => [nameOf(platform), manifest.version]));
  write(join(folder, "package.json"), manifest);
} else {
  const [platform] = positionals;
  const match = /^(linux|darwin|win32)-(x64|arm64)(?:-(gnu|musl))?$/.exec(platform ?? "");
  if (match === null) throw new RangeError(`platform-package: expected a platform such as linux-x64-gnu, got ${platform}`);
  const [, os, cpu, libc] = match;
  const addon = join(folder, "build", "Release", "dropwise.node");
  createRequire(import.meta.url)(addon); // what does not load here must not be published
  const target = join(folder, "npm", match[0]);
  mkdirSync(target, { recursive: true });
  copyFileSync(addon, join(target, "dropwise.node"));
  const { version, license, engines, publishConfig } = manifest;
  const description = `The compiled part of ${manifest.name} for ${platform}.`;
  const where = { os: [os], cpu: [cpu], ...(libc !== undefined && { libc: [libc === "gnu" ? "glibc" : libc] }) };
  const contents = { main: "dropwise.node", files: ["dropwise.node"] };
  write(join(target, "package.json"), {
    name: nameOf(match[0]),
    version,
    description,
    license,
    engines,
    ...where,
    ...contents,
    publishConfig,
  });
}
