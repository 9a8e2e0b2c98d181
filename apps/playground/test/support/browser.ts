import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { CHROMIUM_ARGS } from "../../../../vitest.chromium.mjs";

/** Why the tests of a file are left out, or undefined. Shown in their name. */
export const noChromium = inject("chromium") === "" ? "no Chromium was found; DROPWISE_CHROMIUM names one" : undefined;

const artifacts = fileURLToPath(new URL("../artifacts", import.meta.url));

/** How to open the page. */
interface OpenOptions extends BrowserContextOptions {
  /** Default: the isolated address. */
  readonly address?: string;
  /** What follows the address: "?p=0.1#masks". */
  readonly path?: string;
}

/** A browser for the tests of one file. Every page in it must end without an error on its console. */
export function useBrowser(args: readonly string[] = CHROMIUM_ARGS): { open(options?: OpenOptions): Promise<Page> } {
  let browser: Browser;
  const errors: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: inject("chromium"), headless: true, args: [...args] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(errors.splice(0)).toEqual([]);
  });
  return {
    async open({ address = inject("isolated"), path = "", ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(address + path);
      return page;
    },
  };
}

/** Keeps a picture of the whole page, for people. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(artifacts, { recursive: true });
  await page.screenshot({ path: join(artifacts, `${name}.png`), fullPage: true });
}

/** The text of the first status line of the open panel that matches, once there is one. In one look, since lines change quickly. */
export async function statusOf(page: Page, pattern: RegExp): Promise<string> {
  const found = await page.waitForFunction(
    ([source, flags]) =>
      Array.from(document.querySelectorAll('[role="tabpanel"]:not([hidden]) .summary'), ({ textContent }) => textContent ?? "").find(
        (text) => new RegExp(source, flags).test(text),
      ),
    [pattern.source, pattern.flags] as const,
  );
  return (await found.jsonValue()) as string;
}
