/// <reference lib="dom" />
/** Runs a folder with a bundle in headless Chromium. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright";
import { CHROMIUM_ARGS, findChromium } from "../../vitest.chromium.mjs";
import { MissingError } from "./checks.mjs";

/** @type {Readonly<Record<string, string>>} */
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * @param {string} folder
 * @param {string[]} parts What the page is to check.
 * @param {{ isolated: boolean, gpu: boolean }} options `isolated`: the page may share memory between threads. `gpu`: there is a GPU, in software.
 * @returns {Promise<string>} what the page's `smoke` settles with
 */
export async function runPage(folder, parts, { isolated, gpu }) {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new MissingError("chromium", "no Chromium was found; DROPWISE_CHROMIUM names one");
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    try {
      const content = await readFile(join(folder, path === "/" ? "index.html" : path));
      response.writeHead(200, { "Content-Type": TYPES[extname(path) || ".html"] ?? "", ...(isolated ? ISOLATED : {}) }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const browser = await chromium.launch({ executablePath, headless: true, args: gpu ? CHROMIUM_ARGS : ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", ({ name, message }) => errors.push(`${name}: ${message}`));
    await page.goto(`http://127.0.0.1:${port}/?${parts.join(",")}`);
    await page
      .waitForFunction(() => "smoke" in globalThis, undefined, { timeout: 60_000 })
      .catch((error) => {
        throw new Error(errors[0] ?? error.message);
      });
    if ((await page.evaluate(() => globalThis.crossOriginIsolated)) !== isolated) throw new Error(`expected isolation to be ${isolated}`);
    return await page.evaluate(() => /** @type {{ smoke: Promise<string> }} */ (/** @type {unknown} */ (globalThis)).smoke);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
