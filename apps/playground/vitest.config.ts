import { defineConfig } from "vitest/config";
import { findChromium } from "../../vitest.chromium.mjs";
import { sourceAlias } from "../../vitest.shared.mjs";

// Throws where one is required and there is none.
const chromium = findChromium();

/** Unit tests in Node; and the built page in headless Chromium, used as a person would, where there is one. */
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    name: "dropwise-playground",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: chromium === undefined ? [] : ["test/support/serve.ts"],
    provide: { chromium: chromium ?? "" },
    // Several browsers at a time would only slow one another down.
    maxWorkers: 1,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
