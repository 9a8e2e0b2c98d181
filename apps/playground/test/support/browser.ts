import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

/** Why the tests of a file are left out, or undefined. Shown in their name. */
export const noChromium = inject("chromium") === "" ? "no Chromium was found; DROPWISE_CHROMIUM names one" : undefined;

const artifacts = fileURLToPath(new URL("../artifacts", import.meta.url));

/** A bound for what never comes, below that of a test, so that the message says what was waited for. Nothing here is timed. */
const NEVER_MS = 240_000;

/** How to open the page. */
interface OpenOptions extends BrowserContextOptions {
  /** Default: the isolated address. */
  readonly address?: string;
  /** What follows the address: "?p=0.1#masks". */
  readonly path?: string;
  /** Errors on the console that the test provokes. */
  readonly expectedErrors?: RegExp;
}

/**
 * The browser, for the tests of one file: the one that all share, or one of its own without the shared one's arguments. Every page in it must end
 * without an error on its console.
 */
export function useBrowser(which: "shared" | "without-gpu" = "shared"): {
  open(options?: OpenOptions): Promise<Page>;
  /** Ends the process that runs the GPU, as a faulty driver does. The browser starts another. */
  crashGpu(): Promise<void>;
} {
  let browser: Browser;
  const errors: string[] = [];
  beforeAll(async () => {
    browser =
      which === "shared"
        ? await chromium.connect(inject("browser"))
        : await chromium.launch({ executablePath: inject("chromium"), args: ["--no-sandbox"] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(errors.splice(0)).toEqual([]);
  });
  return {
    async open({ address = inject("isolated"), path = "", expectedErrors, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
      context.setDefaultTimeout(NEVER_MS);
      const page = await context.newPage();
      const note = (error: string): void => {
        if (expectedErrors?.test(error) !== true) errors.push(error);
      };
      page.on("console", (message) => message.type() === "error" && note(message.text()));
      page.on("pageerror", (error) => note(error.message));
      await page.goto(address + path);
      return page;
    },
    async crashGpu() {
      const session = await browser.newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess");
      await session.detach();
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
