import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

const button = (page: Page, name: string) => page.locator("#panel-training").getByRole("button", { name });

/** Trains until at least this step, then pauses. Returns the step. */
async function playUntil(page: Page, step: number): Promise<number> {
  await button(page, "Play").click();
  await page.waitForFunction((least) => {
    const text = document.querySelector("#panel-training .summary")?.textContent ?? "";
    return Number(/^Step (\d+)/.exec(text)?.[1] ?? 0) >= least;
  }, step);
  await button(page, "Pause").click();
  return stepOf(page);
}

async function stepOf(page: Page): Promise<number> {
  return Number(/^Step (\d+)/.exec(await statusOf(page, /paused/))?.[1]);
}

const captions = (page: Page) => page.locator("#panel-training .plane:not([hidden]) figcaption").allTextContents();

describe.skipIf(noChromium)("training", () => {
  const browser = useBrowser();

  test("plays, pauses, steps, moves between backends while running, and resets", async () => {
    const page = await browser.open({ path: "#training" });
    expect(await stepOf(page)).toBe(0);
    const untrained = await captions(page);
    const paused = await playUntil(page, 50);
    expect(await captions(page)).not.toEqual(untrained);

    await button(page, "Step").click();
    await statusOf(page, new RegExp(`^Step ${paused + 1} `));

    await button(page, "Play").click();
    for (const backend of ["wasm", "webgpu", "reference"]) {
      await page
        .locator("#panel-training")
        .getByLabel("Backend")
        .selectOption(backend === "reference" ? "cpu" : backend);
      await statusOf(page, new RegExp(`on ${backend}$`));
    }
    await button(page, "Pause").click();
    expect(await stepOf(page)).toBeGreaterThan(paused);

    await button(page, "Reset").click();
    await statusOf(page, /^Step 0 /);
    expect(await captions(page)).toEqual(untrained);

    // The width, by keyboard: another model from the same seed.
    await page.getByLabel("Hidden width").focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText("new nn.Linear(2, 56)").waitFor();
    await statusOf(page, /^Step 0 /);
  });

  test("the same steps give the same picture, whatever backend they ran on", async () => {
    const page = await browser.open({ path: "#training" });
    const results: string[][] = [];
    for (const backend of ["cpu", "wasm", "webgpu"]) {
      await page.locator("#panel-training").getByLabel("Backend").selectOption(backend);
      await button(page, "Reset").click();
      await statusOf(page, /^Step 0 /);
      for (let step = 1; step <= 5; step++) {
        await button(page, "Step").click();
        await statusOf(page, new RegExp(`^Step ${step} `));
      }
      results.push(await captions(page));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("curves of all backends lie on one another; doubt is drawn; both can be cancelled", async () => {
    const page = await browser.open({ path: "#training" });
    await playUntil(page, 50);
    await button(page, "Ask the model with dropout").click();
    await page.getByText(/Standard deviation over 50 answers/).waitFor();

    await button(page, "Train on every backend").click();
    const text = await statusOf(page, /Largest difference/);
    const differences = [...text.matchAll(/(wasm|webgpu) (\d\.\de[+-]\d+)/g)].map(([, name, value]) => [name, Number(value)] as const);
    expect(differences.map(([name]) => name)).toEqual(["wasm", "webgpu"]);
    for (const [, value] of differences) expect(value).toBeLessThan(1e-4);
    await keepPicture(page, "training");

    for (const name of ["Ask the model with dropout", "Train on every backend"]) {
      await button(page, name).evaluate((start: HTMLButtonElement) => {
        start.click();
        (start.nextElementSibling as HTMLButtonElement).click();
      });
      await statusOf(page, /^Cancelled\.$/);
      expect(await button(page, name).isEnabled()).toBe(true);
    }
    // The run itself goes on.
    const before = await stepOf(page);
    await button(page, "Step").click();
    await statusOf(page, new RegExp(`^Step ${before + 1} .*paused`));
  });

  test("settings that change while it plays start it over, and it plays on", async () => {
    const page = await browser.open({ path: "#training" });
    await statusOf(page, /paused/);
    await button(page, "Play").click();
    await statusOf(page, /^Step \d\d/);
    await page.getByRole("slider", { name: "p", exact: true }).focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    await page.getByText("new nn.Dropout(0.35)").first().waitFor();
    await page.getByLabel("Seed", { exact: true }).fill("seven");
    await page.getByText("A whole number of up to 18 digits.").waitFor();
    await page.getByLabel("Seed", { exact: true }).fill("8");
    await page.getByText("manualSeed(8)").first().waitFor();
    await statusOf(page, /^Step \d\d+ of 3000 on reference$/);
    await button(page, "Pause").click();
    expect(await stepOf(page)).toBeGreaterThan(0);
  });

  test("a GPU that crashes stops the run with a message; one click, and it plays on from the last step kept", async () => {
    const page = await browser.open({ path: "#training" });
    await statusOf(page, /paused/);
    await page.locator("#panel-training").getByLabel("Backend").selectOption("webgpu");
    await statusOf(page, /on webgpu/);
    await button(page, "Play").click();
    await statusOf(page, /^Step (2[5-9]|[3-9]\d|\d{3})/);
    await browser.crashGpu();
    const lost = Number(/^Step (\d+)/.exec(await statusOf(page, /The GPU device was lost/))?.[1]);
    await keepPicture(page, "lost-training");
    await page.getByRole("button", { name: "Open the GPU again" }).click();
    await page.locator(".banner").waitFor({ state: "detached" });
    await statusOf(page, /^Step \d+ of 3000 on webgpu$/);
    await button(page, "Pause").click();
    expect(await stepOf(page)).toBeGreaterThanOrEqual(25);
    expect(lost).toBeGreaterThanOrEqual(25);
  });

  test("a run whose GPU device was lost goes on elsewhere from the last step kept, too", async () => {
    const page = await browser.open({ path: "#training" });
    const before = await playUntil(page, 10);
    await page.locator("#panel-training").getByLabel("Backend").selectOption("webgpu");
    await statusOf(page, /on webgpu, paused/);
    await page.getByText("About this device").click();
    await page.getByRole("button", { name: "Simulate a lost GPU device" }).click();
    await statusOf(page, /The GPU device was lost/);
    await page.locator("#panel-training").getByLabel("Backend").selectOption("wasm");
    expect(await statusOf(page, /on wasm, paused/)).toBe(`Step ${before} of 3000 on wasm, paused`);
    expect(await playUntil(page, before + 10)).toBeGreaterThan(before);
  });
});
