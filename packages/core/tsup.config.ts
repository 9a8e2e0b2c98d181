import { defineConfig } from "tsup";

/** Two public faces that share their code: one for those who train, one for those who write a backend. */
export default defineConfig({
  entry: { index: "src/index.ts", backend: "src/backend/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: true,
  splitting: true,
  sourcemap: true,
  minify: false,
  clean: true,
});
