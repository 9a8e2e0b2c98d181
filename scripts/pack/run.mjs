/** Running programs, so that checks can go on side by side. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {Record<string, string | undefined>} [env] Beside, or in place of, what `environment()` has.
 * @property {number} [seconds] How long it may take. Default: 240.
 */

/**
 * Runs a program, which must end well, by itself and in time.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string>} what it printed, without the end of the last line
 */
export async function run(command, args, { cwd, env = {}, seconds = 240 }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...environment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  let printed = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  /** @type {{ status?: number | null, signal?: string | null, error?: Error }} */
  const { status, signal, error } = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ error })).once("close", (status, signal) => resolve({ status, signal }));
  });
  if (status === 0) return printed.trimEnd();
  const why = error?.message ?? (signal ? `${signal}: it did not end by itself in ${seconds} s` : `it ended with status ${status}`);
  throw new Error([`${[command, ...args].join(" ")}: ${why}`, errors.trim(), printed.trim()].filter(Boolean).join("\n"));
}

/** Installs packages as a user would, but for install scripts, which do not run. @param {readonly string[]} packages @param {RunOptions} options */
export async function npmInstall(packages, options) {
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...packages], { seconds: 600, ...options });
}

// --- internal helpers ---

/**
 * Runs npm, which needs no PATH that way.
 *
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string>}
 */
function npm(args, options) {
  const besideNode = dirname(process.execPath);
  const cli = [
    process.env.npm_execpath ?? "",
    join(besideNode, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    join(besideNode, "node_modules", "npm", "bin", "npm-cli.js"),
  ].find((file) => file.endsWith("npm-cli.js") && existsSync(file));
  if (cli === undefined) throw new Error("npm was not found - start this with `npm run`");
  return run(process.execPath, [cli, ...args], options);
}

/** This process's environment, without what the workspace, or `npm run` in it, has put there. */
function environment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(DROPWISE_|NODE_(ENV|OPTIONS|PATH)$|npm_(package|lifecycle)_|npm_config_local_prefix$|INIT_CWD$)/.test(name),
  );
  const local = ["127.0.0.1", process.env.NO_PROXY ?? process.env.no_proxy].filter(Boolean).join(",");
  return {
    ...Object.fromEntries(kept),
    NO_PROXY: local,
    no_proxy: local,
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
  };
}
