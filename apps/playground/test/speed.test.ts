import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

describe.skipIf(noChromium)("speed", () => {
  const browser = useBrowser();

  test("measures every backend beside a copy, draws it, and exports it", async () => {
    const page = await browser.open({ path: "#speed" });
    await page.getByLabel("Largest n").selectOption("14");
    await page.getByRole("button", { name: "Measure" }).click();
    await statusOf(page, /^Done: 9 points/);
    expect(await page.locator("#panel-speed .scroll tbody tr").count()).toBe(9);
    expect(await page.locator("#panel-speed .chart canvas").isVisible()).toBe(true);
    await keepPicture(page, "speed");

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export as JSON" }).click()]);
    const exported = JSON.parse(await text(await download.createReadStream()));
    expect(exported.crossOriginIsolated).toBe(true);
    expect(exported.points).toHaveLength(9);
    for (const { backend, n, dropoutMs, copyMs } of exported.points) {
      expect(["cpu", "wasm", "webgpu"]).toContain(backend);
      expect([1024, 4096, 16384]).toContain(n);
      expect(dropoutMs).toBeGreaterThan(0);
      expect(copyMs).toBeGreaterThan(0);
    }
  });

  test("can be cancelled at once, whatever is being measured, and started again", async () => {
    const page = await browser.open({ path: "#speed" });
    await page.getByLabel("Largest n").selectOption("24");
    // Both clicks before the worker can have answered.
    await page.getByRole("button", { name: "Measure" }).evaluate((measure: HTMLButtonElement) => {
      measure.click();
      (measure.nextElementSibling as HTMLButtonElement).click();
    });
    expect(await statusOf(page, /^Cancelled/)).toBe("Cancelled after 0 points.");
    await page.getByLabel("Largest n").selectOption("14");
    await page.getByRole("button", { name: "Measure" }).click();
    await statusOf(page, /^Done: 9 points/);
  });

  test("goes on while the page is used, keeps what was measured before a cancel, and leaves the keyboard where it was", async () => {
    const page = await browser.open({ path: "#speed" });
    await page.getByLabel("Largest n").selectOption("24");
    await page.getByRole("button", { name: "Measure" }).focus();
    await page.keyboard.press("Enter");
    await statusOf(page, /^\d+ of 24/);
    await page.getByRole("tab", { name: "Masks" }).click();
    await statusOf(page, /Identical/);
    await page.getByRole("tab", { name: "Speed" }).click();
    await page.getByRole("button", { name: "Cancel" }).focus();
    await page.keyboard.press("Enter");
    const [, count] = /^Cancelled after (\d+) points/.exec(await statusOf(page, /^Cancelled/)) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
    expect(Number(count)).toBeLessThan(24);
    expect(await page.locator("#panel-speed .scroll tbody tr").count()).toBe(Number(count));
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Measure");
  });
});
