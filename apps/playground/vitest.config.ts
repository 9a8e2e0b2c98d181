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
    // One file at a time, after all other projects: pages that train and draw on a GPU in software keep every core busy.
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
    // Bounds for hung tests only.
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
