/** Timing: all rows of a table take turns and the best of each counts, so that on a machine which others use as well the ratios still mean something. */

/**
 * The best time of one call of each row, in nanoseconds.
 *
 * @param {Record<string, () => void>} rows
 * @param {{ rounds?: number, calls?: number }} [options] `calls`: how often a row is called on end each time.
 * @returns {Record<string, number>}
 */
export function best(rows, { rounds = 20, calls = 1 } = {}) {
  /** @type {Record<string, number>} */
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(rows)) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run();
      times[name] = Math.min(/** @type {number} */ (times[name]), ((performance.now() - start) / calls) * 1e6);
    }
  }
  return times;
}

/** Prints one line: a label, then named values. @param {string} label @param {Record<string, string>} cells */
export function line(label, cells) {
  const parts = Object.entries(cells).map(([name, value]) => `${name} ${value}`);
  console.log(`  ${label.padEnd(30)} ${parts.join("   ")}`);
}
