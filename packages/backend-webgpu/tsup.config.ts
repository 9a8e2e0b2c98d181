import { defineConfig } from "tsup";
import { wgslEsbuild } from "./wgsl-plugin.mjs";

export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  // Without it a user's compiler does not know the names that begin with GPU.
  dts: { banner: '/// <reference types="@webgpu/types" />' },
  sourcemap: true,
  minify: false,
  clean: true,
  esbuildPlugins: [wgslEsbuild()],
});
