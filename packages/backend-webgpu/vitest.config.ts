import { defineConfig } from "vitest/config";
import { sourceAlias } from "../../vitest.shared.mjs";
import { swiftShaderEnvironment } from "./test/support/swiftshader.mjs";
import { wgslVite } from "./wgsl-plugin.mjs";

/** In Node, on a GPU in software. Worker threads would not pass the environment on to the driver; processes do. */
export default defineConfig({
  plugins: [wgslVite()],
  resolve: { alias: sourceAlias },
  test: {
    name: "@dropwise/backend-webgpu",
    include: ["{src,test}/**/*.test.ts"],
    pool: "forks",
    env: await swiftShaderEnvironment(),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
