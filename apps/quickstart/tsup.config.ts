import { defineConfig } from "tsup";

/** A program, not a library: one ESM file for Node, without types. */
export default defineConfig({
  entry: { main: "src/main.ts" },
  format: ["esm"],
  target: "node20",
  platform: "node",
  sourcemap: true,
  clean: true,
});
