/** Chromium with WebGPU on a GPU in software, for the tests that need a browser. */
import { existsSync } from "node:fs";

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
