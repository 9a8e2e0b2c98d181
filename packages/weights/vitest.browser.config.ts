import { readFile } from "node:fs/promises";
import type { BrowserCommand } from "vitest/node";
import { chromiumProject } from "../../vitest.chromium.mjs";

/** The download that comes next: what its file is called, and its bytes in base64. */
const nextDownload: BrowserCommand<[]> = async ({ page }) => {
  const download = await page.waitForEvent("download");
  return { fileName: download.suggestedFilename(), base64: await readFile(await download.path(), "base64") };
};

/** What a page has for sources and for checkpoints, in headless Chromium. */
export default chromiumProject({
  name: "@dropwise/weights in Chromium",
  include: ["test/*.browser.test.ts"],
  commands: { nextDownload },
});
