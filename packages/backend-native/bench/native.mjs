/**
 * What the native kernels take, as ratios within one run: against a copy of the same bytes, against each other, and through the public API
 * against the kernel alone.
 *
 *     npm run bench --workspace @dropwise/backend-native -- [--rounds 20] [--only dropout,layouts,api,matmul,training,busy]
 *
 * `busy`, what two threads cost where no core is free, runs only when it is named.
 */
import { parseArgs } from "node:util";
import { createNativeBackend } from "@dropwise/backend-native";
import { functional as F, nn, noGrad, ones, optim, randn, setDefaultBackend, tidy } from "@dropwise/core";
import { compareWhileBusy } from "../../kernels/bench/busy.mjs";
import { compareLayouts } from "../../kernels/bench/layouts.mjs";
import { mlpStep } from "../../kernels/bench/work.mjs";
import { best, line } from "./measure.mjs";

const options = { rounds: { type: /** @type {const} */ ("string"), default: "20" }, only: { type: /** @type {const} */ ("string") } };
const { values } = parseArgs({ options });
const rounds = Number(values.rounds);
const sections = {
  dropout: dropoutKernels,
  layouts: () => compareLayouts(best1, rounds),
  api: throughTheApi,
  matmul: matrixProducts,
  training,
  busy,
};

const best1 = createNativeBackend({ threads: 1 });
console.log(`best instruction set here: ${best1.info.device}; Node ${process.versions.node}`);
const isas = ["avx512", "avx2", "sse2", "neon", "scalar"].flatMap((isa) => {
  try {
    return [{ isa, one: createNativeBackend({ isa, threads: 1 }), two: createNativeBackend({ isa, threads: 2 }) }];
  } catch {
    return [];
  }
});
for (const [name, run] of Object.entries(sections)) {
  if (values.only === undefined ? name !== "busy" : values.only.split(",").includes(name)) await run();
}

/** @typedef {ReturnType<typeof createNativeBackend>} Native */

/** A piece of memory with what a kernel wants to know of it. @param {Native} backend @param {number} n */
function operand(backend, n) {
  const storage = { handle: backend.allocate("float32", n), dtype: /** @type {const} */ ("float32"), length: n };
  backend.view?.(storage).fill(1);
  return { storage, shape: [n], strides: [1], offset: 0 };
}

/** @param {number} n */
function specOf(n) {
  const key = { seedLo: 1, seedHi: 2, callLo: 3, callHi: 0, elementOffset: 0, threshold: 0x7fffffc0 };
  return { ...key, keepScale: 2, keepShift: 0, dropValue: 0, shape: [n], maskStrides: [1] };
}

function dropoutKernels() {
  for (const n of [4096, 65_536, 2 ** 20, 2 ** 24]) {
    console.log(`dropout of ${n} floats, p = 0.5, outputs reused (ns per element, and times a copy)`);
    const spec = specOf(n);
    const [from, to] = [operand(best1, n), operand(best1, n)];
    const source = /** @type {Float32Array} */ (best1.view?.(from.storage));
    const target = /** @type {Float32Array} */ (best1.view?.(to.storage));
    /** @type {Record<string, () => void>} */
    const rows = { copy: () => target.set(source) };
    const held = isas.flatMap(({ isa, one, two }) =>
      [one, two].map((backend, i) => {
        const [x, out] = [operand(backend, n), operand(backend, n)];
        rows[`${isa} ${i + 1}`] = () => backend.dropout?.(spec, x, out);
        rows[`${isa} ${i + 1} in place`] = () => backend.dropout?.(spec, out, out);
        return () => [x, out].map(({ storage }) => backend.release(storage.handle));
      }),
    );
    const times = best(rows, {
      rounds: n > 2 ** 22 ? Math.ceil(rounds / 3) : rounds,
      calls: n > 2 ** 22 ? 1 : Math.max(8, Math.round(2 ** 18 / n)),
    });
    const copy = /** @type {number} */ (times.copy);
    line("copy", { ns: (copy / n).toFixed(3) });
    for (const { isa } of isas) {
      for (const where of ["", " in place"]) {
        const [one, two] = [/** @type {number} */ (times[`${isa} 1${where}`]), /** @type {number} */ (times[`${isa} 2${where}`])];
        const cells = { ns: (one / n).toFixed(3), copies: (one / copy).toFixed(2), "two threads": `${(one / two).toFixed(2)}x as fast` };
        line(isa + where, cells);
      }
    }
    for (const release of held) release();
    for (const { storage } of [from, to]) best1.release(storage.handle);
  }
}

function throughTheApi() {
  console.log("F.dropout under noGrad, pool warm, one thread (times the kernel alone); forward and backward (times the forward)");
  for (const n of [4, 1024, 65_536, 2 ** 20, 2 ** 24]) {
    const spec = specOf(n);
    const [x, out] = [operand(best1, n), operand(best1, n)];
    const given = ones([n], { backend: best1 });
    const leaf = ones([n], { backend: best1, requiresGrad: true });
    const gradient = ones([n], { backend: best1 });
    const rows = {
      kernel: () => best1.dropout?.(spec, x, out),
      forward: () => noGrad(() => F.dropout(given, 0.5).dispose()),
      both: () => {
        const y = F.dropout(leaf, 0.5);
        y.backward(gradient);
        y.dispose();
        leaf.grad?.dispose();
        leaf.grad = null;
      },
    };
    const calls = Math.max(1, Math.round(2 ** 18 / n));
    const { kernel = 0, forward = 0, both = 0 } = best(rows, { rounds: n > 2 ** 22 ? 8 : rounds, calls: Math.min(calls, 20_000) });
    const cells = { kernel: micro(kernel), "F.dropout": `${micro(forward)} (${(forward / kernel).toFixed(2)}x)` };
    line(`${n} floats`, { ...cells, "with backward": `${micro(both)} (${(both / forward).toFixed(2)}x)` });
    for (const each of [given, leaf, gradient]) each.dispose();
    for (const { storage } of [x, out]) best1.release(storage.handle);
  }
}

function matrixProducts() {
  console.log("matrix products, 128x784x1024 and the two of its backward (GFLOP/s)");
  const [m, k, n] = [128, 784, 1024];
  for (const { isa, one, two } of isas) {
    for (const [threads, backend] of [one, two].entries()) {
      const x = randn([m, k], { backend });
      const weight = randn([n, k], { backend });
      const grad = randn([m, n], { backend });
      const rows = {
        "x w^T": () => tidy(() => noGrad(() => void F.linear(x, weight))),
        "g w": () => tidy(() => noGrad(() => void grad.matmul(weight))),
        "g^T x": () => tidy(() => noGrad(() => void grad.transpose(0, 1).matmul(x))),
      };
      const times = best(rows, { rounds });
      const flop = 2 * m * k * n;
      line(`${isa}, threads ${threads + 1}`, Object.fromEntries(Object.entries(times).map(([name, ns]) => [name, (flop / ns).toFixed(1)])));
      for (const each of [x, weight, grad]) each.dispose();
    }
  }
}

function training() {
  console.log("training steps per second");
  for (const { isa, one, two } of isas) {
    const rows = Object.fromEntries(
      [one, two].flatMap((backend, i) => [
        [`large ${i + 1}`, mlpStep(backend)],
        [`tiny ${i + 1}`, tinyStep(backend)],
      ]),
    );
    const { "large 1": large = 0, "large 2": large2 = 0 } = best(
      { "large 1": rows["large 1"] ?? stop, "large 2": rows["large 2"] ?? stop },
      { rounds },
    );
    const { "tiny 1": tiny = 0 } = best({ "tiny 1": rows["tiny 1"] ?? stop }, { rounds, calls: 200 });
    const cells = { "MLP 784-1024-1024-10, batch 128": perSecond(large), "two threads": perSecond(large2) };
    line(isa, { ...cells, "GFLOP/s": (1.224e9 / large).toFixed(0), "10-20-1, batch 64": perSecond(tiny) });
  }
}

function busy() {
  return compareWhileBusy(best1, createNativeBackend({ threads: 2 }));
}

/** @param {Native} backend */
function tinyStep(backend) {
  setDefaultBackend(backend);
  const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(20, 1), new nn.Sigmoid());
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const input = randn([64, 10]);
  const target = ones([64, 1]);
  return () =>
    tidy(() => {
      optimizer.zeroGrad();
      F.binaryCrossEntropy(model.forward(input), target).backward();
      optimizer.step();
    });
}

/** @param {number} ns */
function micro(ns) {
  return ns < 1e5 ? `${(ns / 1000).toFixed(2)} us` : `${(ns / 1e6).toFixed(2)} ms`;
}

/** @param {number} ns */
function perSecond(ns) {
  return (1e9 / ns).toFixed(0);
}

/** @returns {never} */
function stop() {
  throw new Error("a row is missing");
}
