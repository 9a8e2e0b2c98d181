/** Checks that every public package can be installed and imported as its package.json says: publint on the folder, attw on the packed file. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { leftOut, readJson, root, workspacePackages } from "./workspace.mjs";

const attw = join(
  root,
  "node_modules",
  "@arethetypeswrong",
  "cli",
  readJson(join(root, "node_modules", "@arethetypeswrong", "cli", "package.json")).bin.attw,
);

let failed = false;
for (const pkg of workspacePackages()) {
  if (pkg.manifest.private === true || leftOut(pkg) !== undefined) continue;

  const { messages } = await publint({ pkgDir: pkg.folder, strict: true });
  // Suggestions are advice, not faults.
  const faults = messages.filter((message) => message.type !== "suggestion");
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"} publint ${pkg.name}`);
  for (const message of messages) console.log(`  ${message.type}: ${formatMessage(message, pkg.manifest)}`);

  // "node16" and "esm-only" leave out resolvers from before `exports`; a package without `require` is meant for ESM alone.
  const profile = JSON.stringify(pkg.manifest.exports ?? {}).includes('"require"') ? "node16" : "esm-only";
  // Files that are no code, such as a .wasm module, have no types to check.
  const data = Object.entries(pkg.manifest.exports ?? {}).flatMap(([name, file]) => (/\.wasm$/.test(String(file)) ? [name] : []));
  const excluded = data.length === 0 ? [] : ["--exclude-entrypoints", ...data];
  const args = [attw, "--pack", pkg.folder, "--profile", profile, "--format", "ascii", "--no-emoji", "--no-color", "--quiet", ...excluded];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${status === 0 ? "ok    " : "FAILED"} attw ${pkg.name} (${profile})`);

  failed ||= faults.length > 0 || status !== 0;
}
process.exitCode = failed ? 1 : 0;
