/**
 * Names the call in which a process hung or died: wrong arguments may end in an endless loop or in an engine that is out of memory, and then
 * no test can say which they were. A second process waits for that; this module is both halves.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Far longer than any call; nothing is timed here. */
const HUNG_MS = 60_000;

const self = fileURLToPath(import.meta.url);

/**
 * Watches this process, until `stop`.
 *
 * @param {number} [hungMs] How long one call may take before the process is ended.
 * @returns {{ announce: (call: string) => void, stop: () => void }} `announce` names the call that comes next.
 */
export function watchCalls(hungMs = HUNG_MS) {
  const folder = mkdtempSync(join(tmpdir(), "dropwise-calls-"));
  const path = join(folder, "call");
  const file = openSync(path, "w");
  const watcher = spawn(process.execPath, [self, path, String(process.pid), String(hungMs)], { stdio: ["pipe", "ignore", "inherit"] });
  watcher.unref();
  let count = 0;
  return {
    announce: (call) => {
      // Over the last one: only the first line counts.
      writeSync(file, `${count++} ${call}\n`, 0);
    },
    stop: () => {
      closeSync(file);
      watcher.stdin.end("done");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// --- the second process ---

/** @param {string} path @param {number} pid @param {number} hungMs */
function wait(path, pid, hungMs) {
  const current = () => readFileSync(path, "utf8").split("\n")[0] ?? "";
  const say = (/** @type {string} */ what) => process.stderr.write(`\narguments: ${what} ${current().replace(/^\d+ /, "")}\n`);
  let last = "";
  const timer = setInterval(() => {
    const call = current();
    if (call !== last || call === "") {
      last = call;
      return;
    }
    say("hung in");
    process.kill(pid, "SIGKILL");
    process.exit();
  }, hungMs);
  let heard = "";
  process.stdin.on("data", (data) => {
    heard += data;
  });
  process.stdin.on("end", () => {
    clearInterval(timer);
    if (heard !== "done") say("the process ended in");
    process.exit();
  });
}

if (process.argv[1] === self) wait(process.argv[2] ?? "", Number(process.argv[3]), Number(process.argv[4]));
