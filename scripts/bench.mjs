/**
 * `npm run bench`: sets up, then measures every backend. Arguments go to the program: `npm run bench -- --quick --op dropout`.
 * `npm run bench:compare A B` compares two results; `npm run bench:peers` installs other libraries first and measures them, too.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

const args = process.argv.slice(2);
const isComparison = args[0] === "compare";

// A comparison reads two files: no backend is needed for it.
setup(isComparison ? { targets: ["dropwise-bench"] } : {});
if (args.includes("--peers")) installPeers();

const { status, signal } = spawnSync(process.execPath, [join(root, "bench", "dist", "main.js"), ...args], {
  stdio: "inherit",
  // npm moves to the top folder; paths in the arguments are meant from where the person stands.
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
process.exitCode = signal === null ? (status ?? 1) : 130;

/** The peers are a package of their own, outside the workspace: only who asks for them downloads them. Their install scripts do not run. */
function installPeers() {
  const folder = join(root, "bench", "peers");
  // npm's own record of what it has installed, younger than the lock file: nothing to do.
  const record = join(folder, "node_modules", ".package-lock.json");
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs) return;
  console.error("dropwise: installing the peers of bench/peers (about 850 MB, once) ...");
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: folder,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) console.error("dropwise: the peers could not be installed; those that are not there are left out");
}
