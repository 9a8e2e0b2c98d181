import { defineConfig } from "tsup";

/** One public face, for browsers and Node: what only Node has is asked for at run time, and nothing is imported. */
export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: true,
  splitting: false,
  sourcemap: true,
  minify: false,
  clean: true,
});
