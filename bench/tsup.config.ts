import { defineConfig } from "tsup";

/** Programs, not a library: ESM for Node, without types. `peak` is started as a process of its own for each figure. */
export default defineConfig({
  entry: { main: "src/main.ts", peak: "src/memory/peak.ts" },
  format: ["esm"],
  target: "node20",
  platform: "node",
  splitting: true,
  sourcemap: true,
  clean: true,
});
