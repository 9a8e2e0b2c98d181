/** `npm start`: sets up, then trains the example programs. Arguments go to the program: `npm start -- --seed 7`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

setup({ target: "dropwise-quickstart" });

const program = spawn(process.execPath, [join(root, "apps", "quickstart", "dist", "main.js"), ...process.argv.slice(2)], {
  stdio: "inherit",
  // npm moves to the top folder; paths in the arguments are meant from where the person stands.
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
// Ctrl-C reaches the program too; it decides how to end, and its status is ours.
process.on("SIGINT", () => {});
program.on("exit", (status, signal) => {
  process.exitCode = signal === null ? (status ?? 1) : 130;
});
