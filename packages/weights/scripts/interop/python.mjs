/** The Python of these checks, and what is asked of it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Whether a Python has these modules. They are not imported: Keras asks for a backend then.
 *
 * @param {string} python
 * @param {string} modules separated by commas
 */
export function has(python, modules) {
  const program = "import importlib.util as u, sys; sys.exit(any(u.find_spec(name.strip()) is None for name in sys.argv[1].split(',')))";
  return spawnSync(python, ["-c", program, modules], { stdio: "ignore" }).status === 0;
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
