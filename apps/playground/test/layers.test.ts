import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { keepPicture, noChromium, statusOf, useBrowser } from "./support/browser";

const numbers = (page: Page, title: string) => page.getByRole("article", { name: title, exact: true }).locator(".cell").allTextContents();

const code = (page: Page, title: string) => page.getByRole("article", { name: title, exact: true }).locator("pre").allTextContents();

const INPUT = Array.from({ length: 24 }, (_, i) => String(i + 1));

describe.skipIf(noChromium)("module and function", () => {
  const browser = useBrowser();

  test.each(["cpu", "wasm", "webgpu"])(
    "layer and function agree in training, and differ in what eval does to them, on %s",
    async (backend) => {
      const page = await browser.open({ path: "#layers" });
      await statusOf(page, /bit for bit/);
      await page.getByLabel("Backend").selectOption(backend);
      await statusOf(page, /same output, bit for bit/);
      const first = await numbers(page, "nn.Dropout");
      expect(first.filter((value) => value === "0")).toHaveLength(8);
      expect(await numbers(page, "F.dropout")).toEqual(first);
      expect(await numbers(page, "F.dropout, under a condition")).toEqual(INPUT);

      await page.getByRole("button", { name: "Pass the input once more" }).click();
      await page.getByText("Masks drawn so far: 2.").first().waitFor();
      expect(await numbers(page, "nn.Dropout")).not.toEqual(first);

      await page.getByRole("radio", { name: "eval" }).check({ force: true });
      await statusOf(page, /well-known mistake/);
      expect(await numbers(page, "nn.Dropout")).toEqual(INPUT);
      expect(await numbers(page, "F.dropout")).not.toEqual(INPUT);
      if (backend === "cpu") await keepPicture(page, "layers");

      await page.getByLabel("training", { exact: true }).selectOption("model");
      await statusOf(page, /bit for bit/);
      expect(await numbers(page, "F.dropout")).toEqual(INPUT);
      expect(await code(page, "F.dropout")).toEqual([
        "const y = F.dropout(x, {\n  p: 0.5,\n  training: model.training,\n});",
        "y = F.dropout(x, p=0.5,\n    training=model.training)",
      ]);
    },
  );

  test("the condition decides whether the function is called at all", async () => {
    const page = await browser.open({ path: "#layers" });
    await statusOf(page, /bit for bit/);
    await page.getByLabel("epoch", { exact: false }).first().focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowRight");
    await page.getByText("epoch is 5").first().waitFor();
    expect(await numbers(page, "F.dropout, under a condition")).toEqual(await numbers(page, "nn.Dropout"));
  });
});
