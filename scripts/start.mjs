/**
 * `npm start`: sets up, then trains the example programs. Arguments go to the program: `npm start -- --seed 7`.
 * `npm start -- --example NAME` runs one of the programs in `examples/`, and without a name lists them.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

const args = process.argv.slice(2);
const flag = args.indexOf("--example");
if (flag < 0) {
  setup({ targets: ["dropwise-quickstart"] });
  run(join(root, "apps", "quickstart", "dist", "main.js"), args);
} else {
  const [name = "", ...rest] = args.filter((_, i) => i !== flag);
  const names = readdirSync(join(root, "examples"))
    .filter((file) => file.endsWith(".mjs"))
    .map((file) => file.slice(0, -".mjs".length));
  if (names.includes(name)) {
    const file = join(root, "examples", `${name}.mjs`);
    // What the quickstart needs, which is every backend, and what the program itself imports.
    const imported = readFileSync(file, "utf8").matchAll(/from "(@dropwise\/[\w-]+)/g);
    setup({ targets: ["dropwise-quickstart", ...new Set(Array.from(imported, ([, name = ""]) => name))] });
    run(file, rest);
  } else {
    console.error(`npm start: expected --example with one of ${names.join(", ")}, got ${name === "" ? "no name" : JSON.stringify(name)}`);
    process.exitCode = 2;
  }
}

/**
 * Runs a program in place of this one.
 *
 * @param {string} file
 * @param {string[]} args
 */
function run(file, args) {
  const program = spawn(process.execPath, [file, ...args], {
    stdio: "inherit",
    // npm moves to the top folder; paths in the arguments are meant from where the person stands.
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  // Ctrl-C reaches the program too; it decides how to end, and its status is ours.
  process.on("SIGINT", () => {});
  program.on("exit", (status, signal) => {
    process.exitCode = signal === null ? (status ?? 1) : 130;
  });
}
