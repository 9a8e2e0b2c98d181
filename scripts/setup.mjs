/**
 * Makes a fresh clone ready: checks Node, installs what the lock file says, builds every package that this machine can build.
 * Does nothing, quickly, when all of it is done already. `npm start`, `npm test` and `npm run build` begin here.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { leftOut, readJson, root, workspacePackages } from "./workspace.mjs";

const oldestNode = [20, 19];

/**
 * @param {{ targets?: readonly string[] }} [options] `targets`: build these packages and what they need, not all of them.
 */
export function setup({ targets = [] } = {}) {
  checkNode();
  install();
  build(targets);
}

/** @param {string} message */
const say = (message) => console.error(`dropwise: ${message}`);

/** Ends the program: with one line, unless the tool that failed has said it already. @param {string} message @returns {never} */
function stop(message) {
  console.error(`dropwise: ${message}`);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [needMajor = 0, needMinor = 0] = oldestNode;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  stop(`Node >= ${oldestNode.join(".")} is needed, got ${process.versions.node} - install a newer one from https://nodejs.org`);
}

/** Installs on a fresh clone, and again when the lock file asks for something that is not there. */
function install() {
  const fresh = !existsSync(join(root, "node_modules", ".package-lock.json"));
  if (!fresh && isInstalled()) return;
  say(
    fresh
      ? "installing the packages of package-lock.json (npm ci; about half a minute, once) ..."
      : "package-lock.json has changed, installing what is new (npm install --no-save; some seconds) ...",
  );
  // `npm ci` empties node_modules first; a later change needs no more than the difference. Neither touches the lock file.
  const args = fresh ? ["ci"] : ["install", "--no-save"];
  if (run("npm", [...args, "--no-fund", "--no-audit", "--loglevel=error"]) !== 0) stop(`\`npm ${args.join(" ")}\` failed, see above`);
}

/** Whether node_modules holds what the lock file asks for, going by npm's own record of what it has put there. */
function isInstalled() {
  /** @type {Record<string, { version?: string, optional?: boolean, link?: boolean }>} */
  const wanted = readJson(join(root, "package-lock.json")).packages;
  /** @type {typeof wanted} */
  const present = readJson(join(root, "node_modules", ".package-lock.json")).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.startsWith("node_modules/")) return true;
    // Optional packages are mostly for other platforms: absent is fine, another version is not.
    const found = present[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

/** @param {readonly string[]} targets None for all. */
function build(targets) {
  const without = workspacePackages().flatMap((pkg) => {
    const reason = leftOut(pkg);
    if (reason === undefined) return [];
    say(`${pkg.name} is left out: ${reason}`);
    return [pkg.name];
  });
  // turbo builds what others depend on, left out or not; the package's own build looks here, and turbo's cache goes by it.
  if (without.length > 0) process.env.DROPWISE_LEFT_OUT = without.join();
  // What is asked for by name is built as far as it goes: its JavaScript.
  const filters = [
    ...targets.map((name) => `--filter=${name}...`),
    ...without.filter((name) => !targets.includes(name)).map((name) => `--filter=!${name}`),
  ];
  const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
  const started = performance.now();
  say("building what has changed ...");
  const status = run(process.execPath, [turbo, "run", "build", ...filters, "--output-logs=errors-only", "--log-order=grouped"], {
    quiet: true,
  });
  if (status !== 0) stop("the build failed, see above");
  say(`built (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

/**
 * Runs a program to its end, in the top folder.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean }} [options] `quiet`: show what it printed only when it fails.
 * @returns {number} its exit status
 */
function run(command, args, { quiet = false } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    // npm is a .cmd file on Windows, which only a shell starts.
    shell: command === "npm" && process.platform === "win32",
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    maxBuffer: 2 ** 28,
    // turbo reports its use to its makers unless told not to.
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
  });
  if (error !== undefined) stop(`cannot run ${command}: ${error.message}`);
  if (quiet && status !== 0) {
    process.stdout.write(stdout ?? "");
    process.stderr.write(stderr ?? "");
  }
  return status ?? 1;
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) setup();
