/** Runs npm. */
import { spawnSync } from "node:child_process";

/**
 * @param {string[]} args
 * @param {string} cwd
 * @returns {{ status: number, output: string, errors: string }}
 */
export function tryNpm(args, cwd) {
  // Under `npm run --silent` the npm below would be silent as well, and its errors are read.
  const env = { ...process.env, npm_config_loglevel: "error" };
  const options = { cwd, env, encoding: /** @type {const} */ ("utf8"), shell: process.platform === "win32", maxBuffer: 2 ** 28 };
  const { status, error, stdout, stderr } = spawnSync("npm", args, options);
  if (error !== undefined) throw error;
  return { status: status ?? 1, output: stdout.trim(), errors: stderr.trim() };
}

/**
 * What npm printed.
 *
 * @param {string[]} args
 * @param {string} cwd
 * @throws Error, with npm's own words, when it fails.
 */
export function npm(args, cwd) {
  const { status, output, errors } = tryNpm(args, cwd);
  if (status !== 0) throw new Error(`npm ${args.join(" ")}: ${errors || output}`);
  return output;
}
