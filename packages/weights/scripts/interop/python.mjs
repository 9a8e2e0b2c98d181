/** The Python of these checks, and what is asked of it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Whether a Python has these modules.
 *
 * @param {string} python
 * @param {string} modules as `import` takes them
 */
export function has(python, modules) {
  return spawnSync(python, ["-c", `import ${modules}`], { stdio: "ignore" }).status === 0;
}

/**
 * Runs a script of this package and gives what it prints, which is JSON.
 *
 * @param {string} python
 * @param {string} script its path from this folder
 * @param {string[]} args
 * @returns {any}
 */
export function ask(python, script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [path, ...args], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${python} ${script} ${args.join(" ")}: ${stderr}`);
  return stdout === "" ? undefined : JSON.parse(stdout);
}
