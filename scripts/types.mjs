/** Checks the types of every package, tests included, and of the scripts here: `tsc` once for each `tsconfig*.json`. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { leftOut, root, workspacePackages } from "./workspace.mjs";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const folders = [root, ...workspacePackages().flatMap((pkg) => (leftOut(pkg) === undefined ? [pkg.folder] : []))];
const projects = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /^tsconfig(\..+)?\.json$/.test(name) && name !== "tsconfig.base.json")
    .map((name) => join(folder, name)),
);

const failed = projects.filter((project) => {
  const passed = spawnSync(process.execPath, [tsc, "--noEmit", "-p", project], { cwd: root, stdio: "inherit" }).status === 0;
  console.log(`${passed ? "ok    " : "FAILED"} ${relative(root, project)}`);
  return !passed;
});
process.exitCode = failed.length === 0 ? 0 : 1;
