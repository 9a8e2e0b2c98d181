import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * Leaves `export * as functional from "./functional"` standing in the ESM build, as a file of its own. Bundled in, the namespace would
 * become an object that mentions every function, and no bundler could drop those a program does not use.
 */
const namespacesAsFiles: Plugin = {
  name: "namespaces-as-files",
  setup(build) {
    if (build.initialOptions.outExtension?.[".js"] === ".cjs") return;
    build.onResolve({ filter: /^\.\/(functional|nn|optim|init)$/ }, ({ path, importer }) =>
      /src\/(nn\/)?index\.ts$/.test(importer) ? { path: `${path}.js`, external: true } : null,
    );
  },
};

/** Public faces that share their code: for those who use tensors and layers, for those who write a backend, what goes around training, and other frameworks' random streams. */
export default defineConfig({
  entry: {
    index: "src/index.ts",
    functional: "src/functional/index.ts",
    nn: "src/nn/index.ts",
    init: "src/nn/init/index.ts",
    optim: "src/optim/index.ts",
    backend: "src/backend/index.ts",
    train: "src/train/index.ts",
    streams: "src/streams/index.ts",
  },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: { entry: { index: "src/index.ts", backend: "src/backend/index.ts", train: "src/train/index.ts", streams: "src/streams/index.ts" } },
  splitting: true,
  sourcemap: true,
  minify: false,
  clean: true,
  esbuildPlugins: [namespacesAsFiles],
});
