import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "node",
  // CommonJS has no `import.meta`, which the loader of addons knows.
  esbuildOptions: (options, { format }) => {
    if (format === "cjs") options.logOverride = { "empty-import-meta": "silent" };
  },
  dts: true,
  sourcemap: true,
  minify: false,
  clean: true,
});
