/**
 * Builds the page once, serves it twice and starts one browser, for all tests. The page is served as `npm run playground` does, and as a plain host
 * without special headers would.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, preview } from "vite";
import type { TestProject } from "vitest/node";
import { CHROMIUM_ARGS, findChromium } from "../../../../vitest.chromium.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** The browser's program; "" where there is none. */
    chromium: string;
    /** Where the browser that all tests share is reached. */
    browser: string;
    /** The page's address, cross-origin isolated. */
    isolated: string;
    /** The same below a folder, without isolation. */
    plain: string;
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const outDir = join(root, "build", "test-site");

/** Below a folder of the host, as on pages of a project. */
const FOLDER = "/some/folder/";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production"; // vitest says "test", and Vite would build for that
  await build({ root, logLevel: "error", build: { outDir, emptyOutDir: true } });
  process.env.NODE_ENV = NODE_ENV;
  const isolated = await preview({ root, logLevel: "error", build: { outDir }, preview: { host: "127.0.0.1", port: 0 } });
  const plain = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = normalize(join(outDir, path.slice(FOLDER.length) || "index.html"));
    try {
      if (!path.startsWith(FOLDER) || !file.startsWith(outDir)) throw new Error("not a file of the page");
      const content = await readFile(file);
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream").end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launchServer({ executablePath: findChromium(), args: CHROMIUM_ARGS });
  project.provide("browser", browser.wsEndpoint());
  project.provide("isolated", isolated.resolvedUrls?.local[0] ?? "");
  project.provide("plain", `http://127.0.0.1:${(plain.address() as AddressInfo).port}${FOLDER}`);
  return async () => {
    await browser.close();
    await isolated.close();
    plain.closeAllConnections();
    await new Promise((resolve) => plain.close(resolve));
  };
}
