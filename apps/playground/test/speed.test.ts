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

  test("can be cancelled, and the page answers meanwhile", async () => {
    const page = await browser.open({ path: "#speed" });
    await page.getByLabel("Largest n").selectOption("24");
    await page.getByRole("button", { name: "Measure" }).click();
    await statusOf(page, /^\d+ of 24/);
    await page.getByRole("tab", { name: "Masks" }).click();
    await statusOf(page, /Identical/);
    await page.getByRole("tab", { name: "Speed" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await statusOf(page, /^Cancelled after \d+ points/)).not.toBe("Cancelled after 24 points.");
    expect(await page.getByRole("button", { name: "Measure" }).isEnabled()).toBe(true);
  });
});
