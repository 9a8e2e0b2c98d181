/**
 * Bundles what a user would import, minified, and holds its gzipped size to a limit. Rolldown, which is Vite's bundler, drops what a program
 * does not use also behind `functional.dropout`; esbuild keeps all of `functional` there. A kB is 1,024 bytes. Imported, it only measures.
 *
 *     node scripts/sizes.mjs [--json]   a line each, or one JSON array of { name, bytes, limit }
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { root } from "./workspace.mjs";

/** @type {{ name: string, code: string, apart?: RegExp, lacks?: RegExp, limit: number }[]} `lacks`: what belongs to rooms that are not used, and must not be in it. */
const bundles = [
  {
    name: "core: dropout alone",
    code: `import { functional, manualSeed, tensor } from "@dropwise/core"; console.log(tensor, manualSeed, functional.dropout);`,
    // Of other frameworks' streams nothing is carried by who imports none: this is how MT19937 is seeded.
    lacks: /1812433253|0x6c078965/i,
    limit: 18 * 1024,
  },
  {
    name: "core: a training loop",
    code: `import { nn, optim, functional, manualSeed, tensor, tidy } from "@dropwise/core";
      console.log(nn.Sequential, nn.Linear, nn.ReLU, nn.Dropout, optim.SGD, functional.binaryCrossEntropyWithLogits, manualSeed, tensor, tidy);`,
    limit: 28 * 1024,
    lacks: /kernelSize|batchNorm|paddingIdx/,
  },
  {
    name: "core: the same with convolutions",
    code: `import { nn, optim, functional, manualSeed, tensor, tidy } from "@dropwise/core";
      console.log(nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.Dropout2d, nn.Flatten, nn.Linear, optim.Adam, functional.crossEntropy, manualSeed, tensor, tidy);`,
    limit: 37 * 1024,
  },
  {
    name: "core/train: one metric",
    code: `import { tensor } from "@dropwise/core"; import { Accuracy } from "@dropwise/core/train"; console.log(tensor, Accuracy);`,
    limit: 18 * 1024,
    lacks: /patience|nBins|numClasses|zeroGrad|recordFunction/,
  },
  {
    // What no program takes: each takes what it names. The bound is there for what grows by mistake.
    name: "core: all of it",
    code: `import * as core from "@dropwise/core"; console.log(core);`,
    limit: 94 * 1024,
  },
  {
    name: "weights: safetensors",
    code: `import { readSafetensors, writeSafetensors } from "@dropwise/weights"; console.log(readSafetensors, writeSafetensors);`,
    limit: 8 * 1024,
    lacks: /weight_map|toFixed|pickle/,
  },
  {
    name: "weights: safetensors and PyTorch's files",
    code: `import { readSafetensors, readTorch, writeSafetensors, writeTorch } from "@dropwise/weights";
      console.log(readSafetensors, writeSafetensors, readTorch, writeTorch);`,
    limit: 16 * 1024,
    lacks: /weight_map|toFixed|fortran_order|exp_avg/,
  },
  {
    name: "backend-wasm: module and worker included, core apart",
    code: `import { createWasmBackend } from "@dropwise/backend-wasm"; console.log(createWasmBackend);`,
    apart: /^@dropwise\/core/,
    // Some 18 of them are kernels for whole models: attention, convolution, pooling, norms, LSTM. What relaxed SIMD needs is 2 kB, too little to be fetched apart.
    limit: 46 * 1024,
  },
  {
    name: "backend-webgpu: shaders included, core apart",
    code: `import { createWebGPUBackend } from "@dropwise/backend-webgpu"; console.log(createWebGPUBackend);`,
    apart: /^@dropwise\/core/,
    limit: 36 * 1024,
  },
];

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const sizes = [];
  for (const { name, code, apart, lacks, limit } of bundles) sizes.push({ name, bytes: await bundledSize(code, apart, lacks), limit });
  if (process.argv.includes("--json")) console.log(JSON.stringify(sizes));
  else {
    for (const { name, bytes, limit } of sizes) {
      console.log(`${bytes < limit ? "ok    " : "FAILED"} ${name}: ${bytes} bytes min+gzip, the limit is ${limit}`);
    }
  }
  process.exitCode = sizes.every(({ bytes, limit }) => bytes < limit) ? 0 : 1;
}

/**
 * The size of a program and all it imports, minified and gzipped.
 *
 * @param {string} code
 * @param {RegExp} [apart] what is not counted
 * @param {RegExp} [lacks] what must not be in it
 * @returns {Promise<number>} NaN, which fits no limit, when it cannot be bundled or has what it must not; the reason is printed.
 */
export async function bundledSize(code, apart, lacks) {
  const entry = "\0entry";
  try {
    const bundle = await rolldown({
      input: entry,
      cwd: root,
      platform: "browser",
      external: apart ?? [],
      plugins: [
        {
          name: "entry",
          resolveId: (id, importer) => (id === entry ? id : importer === entry ? fileURLToPath(import.meta.resolve(id)) : null),
          load: (id) => (id === entry ? code : null),
        },
      ],
      // A name that a package does not export would otherwise be bundled as undefined, for a fine small size.
      onwarn: (warning) => {
        throw new Error(warning.message);
      },
    });
    // Without comments, annotations for bundlers among them: Vite's builds have none either.
    const { output } = await bundle.generate({ format: "esm", minify: true, comments: false });
    const found = lacks?.exec(output[0].code);
    if (found) throw new Error(`sizes: expected no ${found[0]} in a program that does not use it`);
    return gzipSync(output[0].code, { level: 9 }).length;
  } catch (error) {
    console.error(error);
    return Number.NaN;
  }
}
