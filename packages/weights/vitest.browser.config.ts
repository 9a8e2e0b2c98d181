import { chromiumProject } from "../../vitest.chromium.mjs";

/** What a page has for sources, in headless Chromium. */
export default chromiumProject({ name: "@dropwise/weights in Chromium", include: ["test/sources.browser.test.ts"] });
