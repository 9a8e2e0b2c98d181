/**
 * What two threads cost where there is no core for the second: every core is kept busy by a process of its own, and calls with one and with two
 * threads take turns. Totals count, not the best, since what is lost to a busy core is lost in some calls only.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Prints one line a case: the total time with two threads, times that with one.
 *
 * @param {{ name: string, one: () => void, two: () => void }[]} cases
 * @param {{ seconds?: number }} [options] `seconds`: how long each case runs.
 */
export async function compareWhileBusy(cases, { seconds = 4 } = {}) {
  const cores = availableParallelism();
  const hogs = Array.from({ length: cores }, () => spawn(process.execPath, ["-e", "while (true);"], { stdio: "ignore" }));
  await Promise.all(hogs.map((hog) => new Promise((resolve) => hog.once("spawn", resolve))));
  try {
    console.log(`two threads while ${cores} other processes keep the ${cores} cores busy (total time, times that of one thread)`);
    for (const { name, one, two } of cases) {
      const totals = { one: 0, two: 0 };
      for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
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
