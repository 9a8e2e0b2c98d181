import { defineConfig } from "tsup";
import { wgslEsbuild } from "./wgsl-plugin.mjs";

/**
 * The names that the types need. A program has them in full from the DOM's types, since TypeScript 6, or from `@webgpu/types`; the interfaces here then
 * add nothing to them. Without either, as in a program for Node that only trains, they are enough.
 */
const GLOBALS = `declare global {
  interface GPU {}
  interface GPUAdapter {}
  interface GPUAdapterInfo {}
  interface GPUBuffer {}
  interface GPUDevice {}
}
type GPUPowerPreference = "low-power" | "high-performance";`;

export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: { banner: GLOBALS },
  sourcemap: true,
  minify: false,
  clean: true,
  esbuildPlugins: [wgslEsbuild()],
});
