import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "node",
  // The addon is looked for beside this package's files, whose place is `import.meta.url`.
  shims: true,
  dts: true,
  sourcemap: true,
  minify: false,
  clean: true,
});
