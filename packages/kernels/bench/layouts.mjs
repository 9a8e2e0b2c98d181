/** What masks of other frameworks' layouts cost: the time of a Philox block that the rule needs, times that of the default mask, all of them taking turns. */
import { layoutOf } from "@dropwise/core/backend";

const N = 1_000_000;

/** A GPU of 132 multiprocessors has so many threads at most. */
const THREADS = 270_336;

/** @typedef {import("@dropwise/core/backend").MaskLayout} MaskLayout */

/** @type {Record<string, [layout: Partial<MaskLayout> & Pick<MaskLayout, "kind" | "width">, blocks: number]>} */
const CASES = {
  "packed, 4 elements a thread": [{ kind: "packed", width: 4, threads: THREADS }, N / 4],
  "packed, 2": [{ kind: "packed", width: 2, threads: THREADS }, N / 2],
  "packed, 8": [{ kind: "packed", width: 8, threads: THREADS }, N / 4],
  "spread, 270,336 threads": [{ kind: "spread", width: 4, threads: THREADS }, THREADS],
  "spread, as many as elements": [{ kind: "spread", width: 4, threads: N }, N],
  "wide, 270,336 threads": [{ kind: "wide", width: 2, threads: THREADS, thresholdHi: 2 ** 20 }, 2 * THREADS],
  "wide, as many as elements": [{ kind: "wide", width: 2, threads: N, thresholdHi: 2 ** 20 }, N],
  "flat, 4 elements a block": [{ kind: "flat", width: 4, low: 7 }, N / 4],
  "flat, 1": [{ kind: "flat", width: 1, shift: 1, low: 7 }, N],
};

/**
 * Prints one line a case.
 *
 * @param {import("@dropwise/core").Backend} backend
 * @param {number} rounds
 */
export function compareLayouts(backend, rounds) {
  const spec = {
    ...{ seedLo: 1, seedHi: 2, callLo: 3, callHi: 0, elementOffset: 0, threshold: 0x7fffffc0 },
    ...{ keepScale: 2, keepShift: 0, dropValue: 0, shape: [N], maskStrides: [1] },
  };
  const [x, out] = [operand(backend), operand(backend)];
  const rows = [
    { name: "default", blocks: N / 4, run: () => backend.dropout?.(spec, x, out), best: Number.POSITIVE_INFINITY },
    ...Object.entries(CASES).map(([name, [fields, blocks]]) => {
      const layout = layoutOf(fields);
      return { name, blocks, run: () => backend.dropout?.({ ...spec, layout }, x, out), best: Number.POSITIVE_INFINITY };
    }),
  ];
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const start = performance.now();
      row.run();
      row.best = Math.min(row.best, performance.now() - start);
    }
  }
  const nsOf = (/** @type {{ best: number, blocks: number } | undefined} */ row) => (row ? (row.best * 1e6) / row.blocks : Number.NaN);
  console.log(`dropout of ${N} floats by layouts of masks (ns per Philox block, and times the default's)`);
  for (const row of rows) console.log(`  ${row.name.padEnd(30)} ${nsOf(row).toFixed(2)} (${(nsOf(row) / nsOf(rows[0])).toFixed(2)}x)`);
  for (const { storage } of [x, out]) backend.release(storage.handle);
}

/** @param {import("@dropwise/core").Backend} backend */
function operand(backend) {
  const storage = { handle: backend.allocate("float32", N), dtype: /** @type {const} */ ("float32"), length: N };
  backend.write(storage, new Float32Array(N).fill(1)); // fresh memory may hold subnormal numbers, which are slow to multiply
  return { storage, shape: [N], strides: [1], offset: 0 };
}
