/**
 * Finds SwiftShader, the GPU in software that Chromium brings along, so that the tests need no GPU: the system's Chromium has it, and so
 * has an npm package, which needs no root. Prefers a driver that the environment names.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { extract } from "tar-fs";

/** Where Linux distributions put Chromium's copy. */
const SYSTEM_DRIVERS = ["/usr/lib/chromium/vk_swiftshader_icd.json", "/usr/lib64/chromium-browser/vk_swiftshader_icd.json"];

/** Vulkan loaders that the system may have; Dawn needs one, and the npm package has one beside its driver. */
const SYSTEM_LOADERS = [
  "/usr/lib/x86_64-linux-gnu/libvulkan.so.1",
  "/usr/lib/aarch64-linux-gnu/libvulkan.so.1",
  "/usr/lib64/libvulkan.so.1",
];

const cache = fileURLToPath(new URL("../../node_modules/.cache/swiftshader", import.meta.url));

/**
 * The variables that make Node's WebGPU use SwiftShader. They count only in a process that starts with them, `LD_LIBRARY_PATH` above all.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function swiftShaderEnvironment() {
  if (process.platform !== "linux") return {}; // elsewhere the system's own GPU is used
  // Mesa's layer for choosing devices complains about missing variables; no layer is wanted here.
  const quiet = { VK_LOADER_LAYERS_DISABLE: "~implicit~" };
  const named = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;
  if (named !== undefined) return quiet;
  const system = SYSTEM_DRIVERS.find((file) => existsSync(file));
  if (system !== undefined && process.env.DROPWISE_SWIFTSHADER !== "npm") {
    const hasLoader = SYSTEM_LOADERS.some((file) => existsSync(file));
    return { ...quiet, VK_ICD_FILENAMES: system, ...(hasLoader ? {} : { LD_LIBRARY_PATH: before(dirname(system)) }) };
  }
  const folder = await unpackFromNpm();
  return { ...quiet, VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"), LD_LIBRARY_PATH: before(folder) };
}

/** @param {string} folder */
const before = (folder) => [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");

/** Unpacks the npm package's copy, once. @returns {Promise<string>} its folder */
async function unpackFromNpm() {
  if (existsSync(join(cache, "vk_swiftshader_icd.json"))) return cache;
  const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const packageFolder = entry.slice(0, entry.lastIndexOf("@sparticuz") + "@sparticuz/chromium".length);
  const archive = brotliDecompressSync(readFileSync(join(packageFolder, "bin", "swiftshader.tar.br")));
  // In a folder of its own first: an unpacking that is cut short, or a second one beside it, must not leave half a driver.
  const partial = `${cache}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  await pipeline(Readable.from(archive), extract(partial));
  rmSync(cache, { recursive: true, force: true });
  renameSync(partial, cache);
  return cache;
}
