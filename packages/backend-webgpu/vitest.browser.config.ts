import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { sourceAlias } from "../../vitest.shared.mjs";
import { CHROMIUM_ARGS, findChromium } from "./test/support/chromium.mjs";
import { wgslVite } from "./wgsl-plugin.mjs";

const executablePath = findChromium();

/** The same tests in headless Chromium; none where there is no Chromium. */
export default defineConfig({
  plugins: [wgslVite()],
  resolve: { alias: sourceAlias },
  // Without these a page has no shared memory.
  server: { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } },
  test: {
    name: "@dropwise/backend-webgpu in Chromium",
    include: executablePath === undefined ? [] : ["test/*.test.ts"],
    passWithNoTests: true,
    // A page has no environment; the conformance suite asks for this.
    provide: { DROPWISE_REQUIRE: process.env.DROPWISE_REQUIRE ?? "" } as never,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    browser: {
      enabled: executablePath !== undefined,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args: CHROMIUM_ARGS } }),
      instances: [{ browser: "chromium" }],
    },
  },
});
