/** Headless Chromium, with WebGPU on a GPU in software, for the tests that need a browser. */
import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { sourceAlias } from "./vitest.shared.mjs";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * The browser's program, or undefined where there is none. `DROPWISE_CHROMIUM` names another one. Throws where the environment says, through
 * `DROPWISE_REQUIRE=chromium`, that one must be there.
 */
export function findChromium() {
  const named = process.env.DROPWISE_CHROMIUM;
  const found = (named === undefined ? CANDIDATES : [named]).find((file) => existsSync(file));
  if (found === undefined && (process.env.DROPWISE_REQUIRE ?? "").split(",").includes("chromium")) {
    throw new Error(`DROPWISE_REQUIRE: expected chromium, found none at ${named ?? CANDIDATES.join(", ")} - install it`);
  }
  return found;
}

/** The sandbox needs rights that a container's root does not have; the rest chooses SwiftShader for compute and for drawing. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-angle=swiftshader",
];

/**
 * The vitest configuration of tests in headless Chromium; without tests where there is no Chromium.
 *
 * @param {{ name: string, include: string[], isolated?: boolean, plugins?: import("vite").PluginOption[], commands?: Record<string, import("vitest/node").BrowserCommand<any>> }}
 *   options `isolated`: the page may share memory between threads. Default: true. `commands`: what tests have done outside their page.
 * @returns {import("vitest/config").ViteUserConfig}
 */
export function chromiumProject({ name, include, isolated = true, plugins = [], commands = {} }) {
  const executablePath = findChromium();
  return {
    plugins,
    resolve: { alias: sourceAlias },
    server: {
      headers: isolated ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } : {},
    },
    test: {
      name,
      include: executablePath === undefined ? [] : include,
      passWithNoTests: true,
      // A page has no environment; the conformance suite asks for this.
      provide: /** @type {never} */ ({ DROPWISE_REQUIRE: process.env.DROPWISE_REQUIRE ?? "" }),
      testTimeout: 120_000,
      hookTimeout: 120_000,
      browser: {
        enabled: executablePath !== undefined,
        headless: true,
        screenshotFailures: false,
        commands,
        provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args: CHROMIUM_ARGS } }),
        instances: [{ browser: "chromium" }],
      },
    },
  };
}
