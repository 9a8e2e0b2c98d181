import { createHash } from "node:crypto";
import { Generator, nn, ones } from "@dropwise/core";
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

const BACKENDS = ["cpu", "wasm", "webgpu"];

const card = (page: Page, backend: string) => page.locator(`#panel-masks article[data-backend="${backend}"]`);

const fingerprints = (page: Page) => page.locator("#panel-masks .fingerprint").allTextContents();

/** What the page should print, drawn here. */
function expectedFingerprint(shape: number[], p: number, seed: number): string {
  const layer = new nn.Dropout({ p, generator: new Generator(seed) });
  layer.forward(ones(shape));
  return createHash("sha256")
    .update(layer.lastMask()?.dataSync() as Uint8Array)
    .digest("hex");
}

describe.skipIf(noChromium)(`masks${noChromium ? ` (${noChromium})` : ""}`, () => {
  const browser = useBrowser();

  test("three backends draw the mask that Node draws, and the page says so", async () => {
    const page = await browser.open();
    expect(await statusOf(page, /identical/i)).toBe("Identical: 3 backends drew the same mask.");
    expect(await fingerprints(page)).toEqual(new Array(3).fill(expectedFingerprint([48, 64], 0.5, 42)));
    for (const backend of ["wasm", "webgpu"]) {
      expect(await card(page, backend).locator(".verdict").textContent()).toBe("identical: mask and output, bit for bit");
    }
    const pictures = await page.locator("#panel-masks canvas").evaluateAll((list) => list.map((c) => (c as HTMLCanvasElement).toDataURL()));
    expect(pictures.length).toBe(6);
    expect(new Set(pictures).size).toBe(2); // one mask and one output
    await keepPicture(page, "masks");
  });

  test("each kind has the same mask on all backends", async () => {
    const page = await browser.open();
    await statusOf(page, /identical/i);
    const seen = new Set(await fingerprints(page));
    const kinds = ["dropout1d", "dropout2d", "dropout3d", "featureAlphaDropout", "shared", "alphaDropout"];
    for (const kind of kinds) {
      await page.getByLabel("Kind").selectOption(kind);
      await page.waitForURL(`**/?*kind=${kind}*`);
      await page.waitForFunction(() => document.querySelector("#panel-masks [aria-busy]") === null);
      expect([kind, await statusOf(page, /identical/i)]).toEqual([kind, "Identical: 3 backends drew the same mask."]);
      const prints = new Set(await fingerprints(page));
      expect([kind, prints.size]).toEqual([kind, 1]);
      seen.add([...prints][0] as string);
      if (kind === "dropout2d") await keepPicture(page, "masks-dropout2d");
    }
    // alphaDropout has dropout's mask, and dropout2d featureAlphaDropout's.
    expect(seen.size).toBe(5);
  });

  test("a link carries the exact settings to another visit", async () => {
    const page = await browser.open();
    await statusOf(page, /identical/i);
    await page.getByLabel("Shape", { exact: true }).fill("7, 9, 11");
    await page.getByLabel("p", { exact: true }).fill("0.3");
    await page.getByLabel("Seed").fill("18446744073709551615");
    await page.getByRole("button", { name: "Next call" }).click();
    await page.waitForURL("**/?shape=7,9,11&p=0.3&seed=18446744073709551615&call=1");
    await page.waitForFunction(() => document.querySelector("#panel-masks [aria-busy]") === null);
    const [printed] = await fingerprints(page);
    const other = await browser.open({ path: new URL(page.url()).search });
    await statusOf(other, /identical/i);
    expect(await fingerprints(other)).toEqual(new Array(3).fill(printed));
    expect(await other.getByLabel("Seed").inputValue()).toBe("18446744073709551615");
  });

  test("a spoiled element is found: the first index that differs is named, and the fingerprint is another", async () => {
    const page = await browser.open();
    await statusOf(page, /identical/i);
    await page.getByLabel("Spoil one element").check();
    expect(await statusOf(page, /differs/)).toBe("Not identical: webgpu differs from the reference.");
    expect(await card(page, "webgpu").locator(".verdict").textContent()).toBe("mask differs, first at index 1,536, [24, 0]");
    expect(new Set(await fingerprints(page)).size).toBe(2);
    await keepPicture(page, "masks-spoiled");
  });

  test("a mask of four million elements is drawn beside the page, which can be used meanwhile", async () => {
    const page = await browser.open({ path: "?shape=2048,2048" });
    await page.getByRole("tab", { name: "Module and function" }).click();
    await statusOf(page, /bit for bit/);
    await page.getByRole("tab", { name: "Masks" }).click();
    expect(await statusOf(page, /identical/i)).toBe("Identical: 3 backends drew the same mask.");
    expect(await fingerprints(page)).toEqual(new Array(3).fill(expectedFingerprint([2048, 2048], 0.5, 42)));
  });

  test("wrong settings are refused beside the field, and right ones draw again", async () => {
    const page = await browser.open();
    await statusOf(page, /identical/i);
    await page.getByLabel("p", { exact: true }).fill("1.5");
    await page.getByLabel("Shape", { exact: true }).fill("9999, 9999");
    await statusOf(page, /Nothing drawn/);
    expect(await page.locator("#panel-masks .summary").getAttribute("class")).not.toContain("good");
    expect(await page.locator("#panel-masks .error").allTextContents()).toEqual(
      expect.arrayContaining(["A number from 0 to 1.", "At most 4,194,304 elements; this has 99,980,001."]),
    );
    await keepPicture(page, "masks-refused");
    await page.getByLabel("p", { exact: true }).fill("1");
    await page.getByLabel("Shape", { exact: true }).fill("100");
    await statusOf(page, /Identical/);
    expect(await card(page, "cpu").textContent()).toMatch(/0 of 100 kept/);
  });

  test("what core refuses is shown in core's words", async () => {
    const page = await browser.open({ path: "?kind=dropout1d&shape=100" });
    await statusOf(page, /No backend drew/);
    for (const backend of BACKENDS) {
      expect(await card(page, backend).locator(".verdict").textContent()).toMatch(
        /^dropout1d: expected \(C, L\) or \(N, C, L\), got 1 dimensions/,
      );
    }
  });
});
