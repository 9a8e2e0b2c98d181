import { defineConfig } from "tsup";

/**
 * The names that the types need and a program for Node alone has not: they are part of the DOM's types. Where a program has those, the interfaces
 * here add nothing to them.
 */
const GLOBALS = `declare global {
  namespace WebAssembly {
    interface Module {}
    interface Memory {}
  }
}
type BufferSource = ArrayBufferView | ArrayBuffer;`;

export default defineConfig({
  entry: { index: "src/index.ts" },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: { banner: GLOBALS },
  sourcemap: true,
  minify: false,
  // The build script has put kernels.wasm there just before.
  clean: false,
});
