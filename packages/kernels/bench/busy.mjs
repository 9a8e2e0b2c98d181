/**
 * What two threads cost where there is no core for the second: every core is kept busy by a process of its own, and calls with one and with two
 * threads take turns. Totals count, not the best, since what is lost to a busy core is lost in some calls only.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { dropout, mlpStep, product } from "./work.mjs";

const CASES = { "dropout of 64k": dropout(2 ** 16), "dropout of 1M": dropout(2 ** 20), "x w, 128x784x1024": product, "MLP step": mlpStep };

/** How long each case runs. */
const SECONDS = 4;

/**
 * Prints one line a case: the total time with two threads, times that with one.
 *
 * @param {import("./work.mjs").Backend} backend On one thread.
 * @param {import("./work.mjs").Backend} shared The same on two.
 */
export async function compareWhileBusy(backend, shared) {
  const cores = availableParallelism();
  const hogs = Array.from({ length: cores }, () => spawn(process.execPath, ["-e", "while (true);"], { stdio: "ignore" }));
  await Promise.all(hogs.map((hog) => new Promise((resolve) => hog.once("spawn", resolve))));
  try {
    console.log(`two threads while ${cores} other processes keep the ${cores} cores busy (total time, times that of one thread)`);
    for (const [name, make] of Object.entries(CASES)) {
      const [one, two] = [make(backend), make(shared)];
      const totals = { one: 0, two: 0 };
      for (const end = performance.now() + SECONDS * 1000; performance.now() < end; ) {
        totals.one += time(one);
        totals.two += time(two);
      }
      console.log(`  ${name.padEnd(30)} ${(totals.two / totals.one).toFixed(2)}`);
    }
  } finally {
    for (const hog of hogs) hog.kill("SIGKILL");
  }
}

/** @param {() => void} run */
function time(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}
