import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type axe from "axe-core";
import type { Page } from "playwright";
import { describe, expect, inject, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The most that a first visit may fetch, gzipped. */
const FIRST_LOAD_LIMIT = 250 * 1024;

const PANELS = ["masks", "layers", "training", "speed"] as const;

/** Issues that axe calls serious or critical, in a line each. */
async function seriousIssues(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

/** Opens a panel and waits until it has something to show. */
async function openPanel(page: Page, panel: (typeof PANELS)[number]): Promise<void> {
  await page.locator(`#tab-${panel}`).click();
  await statusOf(page, { masks: /Identical/, layers: /bit for bit/, training: /paused/, speed: /Nothing measured/ }[panel]);
}

describe.skipIf(noChromium)("for everybody", () => {
  const browser = useBrowser();

  test.each(["light", "dark"] as const)("axe finds no serious issue on any panel, %s", async (colorScheme) => {
    const page = await browser.open({ colorScheme });
    await page.getByText("About this device").click();
    for (const panel of PANELS) {
      await openPanel(page, panel);
      if (panel === "speed") {
        await page.getByLabel("Largest n").selectOption("14");
        await page.getByRole("button", { name: "Measure" }).click();
        await statusOf(page, /^Done/);
      }
      expect([panel, await seriousIssues(page)]).toEqual([panel, []]);
      await keepPicture(page, `${panel}-${colorScheme}`);
    }
  });

  test("on a phone nothing is cut off sideways", async () => {
    const page = await browser.open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
    for (const panel of PANELS) {
      await openPanel(page, panel);
      expect([panel, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([panel, 390]);
      await keepPicture(page, `${panel}-phone`);
    }
  });

  test("tabs and settings are used by keyboard alone", async () => {
    const page = await browser.open();
    await statusOf(page, /Identical/);
    await page.locator("#tab-masks").focus();
    await page.keyboard.press("ArrowRight");
    await statusOf(page, /bit for bit/);
    expect(await page.evaluate("document.activeElement.id")).toBe("tab-layers");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    await statusOf(page, /well-known mistake/);
    await page.locator("#tab-layers").focus();
    await page.keyboard.press("End");
    expect(new URL(page.url()).hash).toBe("#speed");
  });

  test("the choice of colours is remembered", async () => {
    const page = await browser.open({ colorScheme: "light" });
    const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.getByLabel("Colours").selectOption("dark");
    expect(await background()).not.toBe(light);
    await page.reload();
    expect(await background()).not.toBe(light);
  });

  test("the page's policy lets nothing be sent to another host, and no foreign script run", async () => {
    const page = await browser.open({ expectedErrors: /Content Security Policy/ });
    await statusOf(page, /Identical/);
    const refused = await page.evaluate(async () => {
      const directives: string[] = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => directives.push(effectiveDirective));
      await fetch(location.origin.replace("127.0.0.1", "localhost")).catch(() => {});
      const script = document.createElement("script");
      script.textContent = "document.title = 'foreign'";
      document.head.append(script);
      await new Promise((resolve) => setTimeout(resolve));
      return directives;
    });
    expect(refused).toEqual(["connect-src", "script-src-elem"]);
    expect(await page.title()).toBe("Dropwise playground");
  });

  test("a first visit fetches less than 250 kB, gzipped, and only from the page's own host", async () => {
    const page = await browser.open({ address: "about:blank", serviceWorkers: "block" });
    const sizes: Promise<number>[] = [];
    const hosts = new Set<string>();
    page.on("response", (response) => {
      if (!response.url().startsWith("http")) return; // the source of wasm's threads, which the page makes itself
      hosts.add(new URL(response.url()).host);
      sizes.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto(inject("isolated"));
    await statusOf(page, /Identical/);
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    console.log(`first load: ${sizes.length} files, ${total} bytes gzipped`);
    expect(hosts.size).toBe(1);
    expect(sizes.length).toBeGreaterThan(3);
    expect(total).toBeGreaterThan(50 * 1024); // the kernels are in it
    expect(total).toBeLessThan(FIRST_LOAD_LIMIT);
  });
});
