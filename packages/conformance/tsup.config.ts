import { defineConfig } from "tsup";

/** ESM only, as vitest is. The golden files go into the bundle, so that it needs no file system and runs in browsers. */
export default defineConfig({
  entry: { index: "src/index.ts", reporter: "src/reporter.ts" },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  external: [/^node:/],
  dts: true,
  sourcemap: false,
  // Numbers in the golden files are shorter that way; names stay readable in stack traces.
  minifyWhitespace: true,
  clean: true,
});
