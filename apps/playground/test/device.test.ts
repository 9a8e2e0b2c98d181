import { describe, expect, inject, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

describe.skipIf(noChromium)("a device that lacks something", () => {
  const browser = useBrowser();
  const withoutGpu = useBrowser("without-gpu");

  test("without cross-origin isolation, in a folder of a plain host: wasm says that it has one thread and why, and all works", async () => {
    const page = await browser.open({ address: inject("plain") });
    expect(await statusOf(page, /identical/i)).toBe("Identical: 3 backends drew the same mask.");
    expect(await page.locator('.backends [data-backend="wasm"]').textContent()).toBe("wasm relaxed-simd");
    expect(await page.locator('.notes [data-backend="wasm"]').textContent()).toMatch(
      /^wasm: One thread only: this page is not cross-origin isolated.*Cross-Origin-Opener-Policy/,
    );
    await page.getByRole("tab", { name: "Training" }).click();
    await page.locator("#panel-training").getByLabel("Backend").selectOption("wasm");
    await page.getByRole("button", { name: "Step" }).click();
    await statusOf(page, /^Step 1 .* on wasm/);
    await keepPicture(page, "not-isolated");
  });

  test("without WebGPU: the reason is shown, and the rest works", async () => {
    const page = await withoutGpu.open();
    expect(await statusOf(page, /identical/i)).toBe("Identical: 2 backends drew the same mask.");
    expect(await page.locator('.backends [data-backend="webgpu"]').textContent()).toBe("webgpu not available");
    expect(await page.locator('.notes [data-backend="webgpu"]').textContent()).toMatch(
      /^webgpu: expected a GPU adapter, got none - switch on hardware acceleration/,
    );
    await keepPicture(page, "no-webgpu");
    await page.getByRole("tab", { name: "Module and function" }).click();
    await statusOf(page, /bit for bit/);
    expect(await page.getByLabel("Backend").locator("option").allTextContents()).toEqual(["reference", "wasm"]);
    await page.getByRole("tab", { name: "Speed" }).click();
    await page.getByLabel("Largest n").selectOption("14");
    await page.getByRole("button", { name: "Measure" }).click();
    await statusOf(page, /^Done: 6 points/);
  });

  test("without WebAssembly's SIMD: the reason is shown, and the rest works", async () => {
    const page = await browser.open({ address: "about:blank", serviceWorkers: "block" });
    // An engine without SIMD refuses to compile the module; here that is put in front of the worker's own script.
    await page.context().route("**/lab.worker-*.js", async (route) => {
      const response = await route.fetch();
      const refusal =
        'WebAssembly.compile = async () => { throw new WebAssembly.CompileError("SIMD unsupported"); }; WebAssembly.validate = () => false;';
      await route.fulfill({ response, body: `${refusal}\n${await response.text()}` });
    });
    await page.goto(inject("isolated"));
    expect(await statusOf(page, /identical/i)).toBe("Identical: 2 backends drew the same mask.");
    expect(await page.locator('.backends [data-backend="wasm"]').textContent()).toBe("wasm not available");
    expect(await page.locator('.notes [data-backend="wasm"]').textContent()).toMatch(/^wasm: .*SIMD/);
  });

  test("a lost GPU device: the other backends go on, and one click brings it back", async () => {
    const page = await browser.open();
    await statusOf(page, /Identical: 3/);
    await page.getByText("About this device").click();
    await page.getByRole("button", { name: "Simulate a lost GPU device" }).click();
    await page.getByText(/^The GPU device was lost: .*destroyed/).waitFor();
    await page.getByRole("button", { name: "Next call" }).click();
    expect(await statusOf(page, /No result from/)).toBe("Identical: 2 backends drew the same mask. No result from webgpu.");
    await keepPicture(page, "lost-masks");
    await page.getByRole("button", { name: "Open the GPU again" }).click();
    await statusOf(page, /Identical: 3/);
    expect(await page.locator(".banner").count()).toBe(0);
  });

  test("a script that cannot be loaded is told, and one click tries again", async () => {
    const page = await browser.open({ address: "about:blank", serviceWorkers: "block", expectedErrors: /ERR_FAILED/ });
    await page.context().route("**/lab.worker-*.js", (route) => route.abort());
    await page.goto(inject("isolated"));
    await page.getByText(/^A script of this page could not be loaded/).waitFor();
    await page.context().unroute("**/lab.worker-*.js");
    await page.getByRole("button", { name: "Load the page again" }).click();
    await statusOf(page, /Identical: 3/);
  });

  test("once loaded, the page opens without a network", async () => {
    const page = await browser.open();
    await statusOf(page, /Identical/);
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await page.context().setOffline(true);
    await page.goto(`${inject("isolated")}?p=0.25#training`);
    await statusOf(page, /paused/);
    await page.getByRole("tab", { name: "Masks" }).click();
    expect(await statusOf(page, /Identical/)).toBe("Identical: 3 backends drew the same mask.");
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  });
});
