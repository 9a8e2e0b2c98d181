import { defineConfig } from "vitest/config";
import { sourceAlias, swiftShaderEnvironment } from "../../vitest.shared.mjs";

// In this process, so that the ones it starts have it from their first moment: the dynamic linker looks at it only then.
Object.assign(process.env, await swiftShaderEnvironment());

/** In Node, where WebGPU has a GPU in software. Worker threads would not pass the environment on to the driver; processes do. */
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    name: "@dropwise/weights",
    include: ["{src,test}/**/*.test.ts"],
    exclude: ["**/*.browser.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
