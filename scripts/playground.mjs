/** `npm run playground`: sets up, builds the playground and serves it on this machine. Arguments go to the server: `npm run playground -- --port 8080`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

setup({ targets: ["dropwise-playground"] });

const server = spawn(process.execPath, [join(root, "node_modules", "vite", "bin", "vite.js"), "preview", ...process.argv.slice(2)], {
  cwd: join(root, "apps", "playground"),
  stdio: "inherit",
});
// Ctrl-C reaches the server too; its status is ours.
process.on("SIGINT", () => {});
server.on("exit", (status, signal) => {
  process.exitCode = signal === null ? (status ?? 1) : 130;
});
