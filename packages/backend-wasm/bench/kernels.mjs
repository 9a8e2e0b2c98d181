/**
 * Prints what the kernels take, as ratios within one run: against a copy of the same bytes, against the reference backend, and with two threads
 * against one. All rows of a table take turns, and the best of each counts: on a machine that others use as well, only such ratios mean much.
 *
 *     node bench/kernels.mjs [--rounds 15]
 *     node bench/kernels.mjs --busy          what two threads cost where no core is free
 */
import { parseArgs } from "node:util";
import { createWasmBackend } from "@dropwise/backend-wasm";
import { cpu, functional as F, noGrad, ones, rand, tidy } from "@dropwise/core";
import { referenceKernels } from "@dropwise/core/backend";
import { compareWhileBusy } from "../../kernels/bench/busy.mjs";
import { compareLayouts } from "../../kernels/bench/layouts.mjs";
import { mlpStep } from "../../kernels/bench/work.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" }, busy: { type: "boolean", default: false } } });
const rounds = Number(values.rounds);

const one = await createWasmBackend({ threads: 1 });
const two = await createWasmBackend({ threads: 2 });

if (values.busy) await compareWhileBusy(one, two);
else {
  dropoutAgainstCopy();
  compareLayouts(one, 4 * rounds);
  matrixProducts();
  smallCalls();
  trainingSteps();
}
one.dispose();
two.dispose();

/** Best time of each, in milliseconds, all taking turns. @param {Record<string, () => void>} rows @returns {Record<string, number>} */
function best(rows, times = rounds) {
  // Engines compile a hot function once more, in the background.
  for (const run of Object.values(rows)) for (const start = performance.now(); times > 2 && performance.now() - start < 100; ) run();
  /** @type {Record<string, number>} */
  const result = {};
  for (let round = 0; round < times; round++) {
    for (const [name, run] of Object.entries(rows)) {
      const start = performance.now();
      run();
      result[name] = Math.min(result[name] ?? Number.POSITIVE_INFINITY, performance.now() - start);
    }
  }
  return result;
}

function dropoutAgainstCopy() {
  console.log("dropout, p = 0.5, out of place, the kernel alone (ns per element)");
  for (const n of [4096, 65_536, 262_144, 2 ** 20, 2 ** 24]) {
    // Several calls on end, as in training: the first may have to wake the second thread.
    const repeat = Math.max(n > 2 ** 22 ? 1 : 4, Math.round(2 ** 18 / n));
    const reference = referenceKernels((storage) => /** @type {Float32Array} */ (storage.handle));
    /** @param {import("@dropwise/core").Backend} backend */
    const call = (backend) => {
      const kernels = { ...reference, ...backend };
      const storage = { handle: backend.allocate("float32", n), dtype: /** @type {const} */ ("float32"), length: n };
      const x = { storage, shape: [n], strides: [1], offset: 0 };
      const stream = { seedLo: 1, seedHi: 2, callLo: 3, callHi: 0, elementOffset: 0, threshold: 0x7fffffc0 };
      const spec = { ...stream, keepScale: 2, keepShift: 0, dropValue: 0, shape: [n], maskStrides: [1] };
      const from = { handle: backend.allocate("float32", n), dtype: /** @type {const} */ ("float32"), length: n };
      const input = { ...x, storage: from };
      backend.write(from, new Float32Array(n).fill(1)); // fresh memory may hold subnormal numbers, which are slow to multiply
      return {
        dropout: () => {
          for (let i = 0; i < repeat; i++) kernels.dropout(spec, input, x);
        },
        copy: () => {
          for (let i = 0; i < repeat; i++) backend.view?.(storage).set(/** @type {Float32Array} */ (backend.view(from)));
        },
        release: () => {
          backend.release(storage.handle);
          backend.release(from.handle);
        },
      };
    };
    const a = call(one);
    const b = call(two);
    const c = call(cpu);
    const rows = best({ copy: a.copy, one: a.dropout, two: b.dropout }, n > 2 ** 22 ? Math.ceil(rounds / 3) : rounds);
    const slow = best({ cpu: c.dropout }, 2).cpu ?? Number.NaN;
    const ns = (/** @type {number | undefined} */ ms) => ((ms ?? Number.NaN) * 1e6) / n / repeat;
    const { copy, one: single, two: double } = rows;
    console.log(
      `  ${String(n).padStart(8)}  copy ${ns(copy).toFixed(3)}  wasm ${ns(single).toFixed(3)} (${ratio(single, copy)}x copy, ${ratio(slow, single)}x faster` +
        ` than the reference)  two threads ${ns(double).toFixed(3)} (${ratio(single, double)}x one)`,
    );
    for (const { release } of [a, b, c]) release();
  }
}

function matrixProducts() {
  console.log("matrix products (GFLOP/s)");
  const [m, k, n] = [128, 784, 1024];
  for (const [name, shapes] of Object.entries({
    "x w        128x784 . 784x1024": [
      [m, k, false],
      [k, n, false],
    ],
    "x w^T      128x784 . (1024x784)^T": [
      [m, k, false],
      [n, k, true],
    ],
    "g w^T      128x1024 . (784x1024)^T": [
      [m, n, false],
      [k, n, true],
    ],
    "x^T g      (128x784)^T . 128x1024": [
      [m, k, true],
      [m, n, false],
    ],
  })) {
    const product = (/** @type {import("@dropwise/core").Backend} */ backend) => {
      const [a, b] = shapes.map(([rows, columns, transposed]) => {
        const matrix = rand([Number(rows), Number(columns)], { backend });
        return transposed ? matrix.transpose(0, 1) : matrix;
      });
      return () => noGrad(() => tidy(() => void a?.matmul(/** @type {import("@dropwise/core").Tensor} */ (b))));
    };
    const rows = best({ one: product(one), two: product(two) });
    const reference = best({ cpu: product(cpu) }, 2).cpu;
    const rate = (/** @type {number | undefined} */ ms) => ((2 * m * k * n) / (ms ?? Number.NaN) / 1e6).toFixed(1);
    console.log(
      `  ${name.padEnd(36)} ${rate(rows.one)} (${ratio(reference, rows.one)}x the reference)  two threads ${rate(rows.two)} (${ratio(rows.one, rows.two)}x one)`,
    );
  }
}

function smallCalls() {
  const calls = 20_000;
  const call = (/** @type {import("@dropwise/core").Backend} */ backend) => {
    const x = ones([16], { backend });
    return () =>
      noGrad(() => {
        for (let i = 0; i < calls; i++) F.dropout(x, { p: 0.5 }).dispose();
      });
  };
  const rows = best({ cpu: call(cpu), one: call(one), two: call(two) });
  const micro = (/** @type {number | undefined} */ ms) => (((ms ?? Number.NaN) * 1000) / calls).toFixed(2);
  console.log(
    `F.dropout of 16 elements, noGrad (microseconds): reference ${micro(rows.cpu)}, wasm ${micro(rows.one)}, two threads ${micro(rows.two)}`,
  );
}

function trainingSteps() {
  const rows = best({ one: mlpStep(one), two: mlpStep(two) });
  const reference = best({ cpu: mlpStep(cpu) }, 2).cpu;
  const rate = (/** @type {number | undefined} */ ms) => (1000 / (ms ?? Number.NaN)).toFixed(1);
  console.log(
    `training steps per second, 784-1024-1024-10, batch 128, two dropouts, Adam: wasm ${rate(rows.one)} (${ratio(reference, rows.one)}x the reference),` +
      ` two threads ${rate(rows.two)} (${ratio(rows.one, rows.two)}x one)`,
  );
}

/** @param {number | undefined} a @param {number | undefined} b */
function ratio(a, b) {
  return ((a ?? Number.NaN) / (b ?? Number.NaN)).toFixed(2);
}
