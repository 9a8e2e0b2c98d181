/** Opens an HTML block of a page in headless Chromium, with the built packages where it expects a CDN, and reads what it prints. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Route } from "playwright";
import { root } from "../../scripts/workspace.mjs";
import { CHROMIUM_ARGS } from "../../vitest.chromium.mjs";
import { type Block, blocksOf, expectedLines, fileNameOf } from "./blocks.mjs";
import { bundle } from "./run-block";

/** Where the pages say that packages lie. */
const CDN = /^https:\/\/cdn\.jsdelivr\.net\/npm\/@dropwise\/([\w-]+)@(\d+)\/(dist\/.+)$/;

/** A secure origin that is nowhere: every request is answered here. */
const ORIGIN = "https://page.test/";

/** The two headers that let a page share memory between threads. */
export const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * What the page prints with `console.log`, until it has printed as many lines as it says.
 *
 * @param headers Headers that the page is served with.
 * @throws Error for an error in the page, and for an address that a reader's browser would not find.
 */
export async function runHtml(executablePath: string, block: Block, headers: Record<string, string> = {}): Promise<string[]> {
  const wanted = expectedOfHtml(block).length;
  const browser = await chromium.launch({ executablePath, headless: true, args: CHROMIUM_ARGS });
  try {
    const context = await browser.newContext();
    await context.route("**/*", (route) => answer(route, block, headers));
    const page = await context.newPage();
    return await new Promise((resolve, reject) => {
      const lines: string[] = [];
      page.on("pageerror", reject);
      page.on("requestfailed", (request) => reject(new Error(`${block.place}: ${request.url()} does not load`)));
      page.on("console", (message) => {
        if (message.type() === "error") reject(new Error(message.text()));
        if (message.type() === "log") lines.push(message.text());
        if (lines.length === wanted) resolve(lines);
      });
      page.goto(ORIGIN).catch(reject);
    });
  } finally {
    await browser.close();
  }
}

/** What a page says that it prints, in itself and in the scripts that it names. */
export function expectedOfHtml(block: Block): string[] {
  const scripts = [...block.code.matchAll(/ src="\.\/([^"]+)"/g)].map(([, name]) => name);
  const files = filesOfPage(block).filter((file) => scripts.includes(fileNameOf(file)));
  return [block, ...files].flatMap(expectedLines);
}

// --- internal helpers ---

async function answer(route: Route, block: Block, headers: Record<string, string>): Promise<void> {
  const url = route.request().url();
  if (url === ORIGIN) return route.fulfill({ contentType: "text/html", headers, body: withImports(block.code) });
  const [, name, , path] = CDN.exec(url) ?? [];
  if (name !== undefined && path !== undefined) {
    const headersOfCdn = { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" };
    const body = await readFile(join(root, "packages", name, path)).catch(() => undefined);
    return body === undefined ? route.abort() : route.fulfill({ contentType: "text/javascript", headers: headersOfCdn, body });
  }
  const file = filesOfPage(block).find((other) => `${ORIGIN}${fileNameOf(other)}` === url);
  if (file !== undefined) return route.fulfill({ contentType: "text/javascript", headers, body: await bundle(file) });
  return url.endsWith("/favicon.ico") ? route.fulfill({ status: 204 }) : route.abort();
}

/** The blocks of the block's page that name themselves. */
function filesOfPage(block: Block): Block[] {
  return blocksOf(block.place.replace(/:\d+$/, "")).filter((other) => fileNameOf(other) !== undefined);
}

/** A page without a map of its own is meant for a bundler, which finds packages by their names. */
function withImports(html: string): string {
  if (html.includes('type="importmap"')) return html;
  const addresses = ["core", "core/backend", "core/train", "core/streams", "backend-wasm", "backend-webgpu"].map((name) => {
    const [folder, file = "index"] = name.split("/");
    return [`@dropwise/${name}`, `https://cdn.jsdelivr.net/npm/@dropwise/${folder}@0/dist/${file}.js`];
  });
  const map = JSON.stringify({ imports: Object.fromEntries(addresses) });
  return html.replace(/^(<!doctype html>)?/i, (start) => `${start}<script type="importmap">${map}</script>`);
}
