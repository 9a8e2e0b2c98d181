import { chromiumProject } from "../../vitest.chromium.mjs";

/** The suite in headless Chromium, on a page that may share memory between threads. */
export default chromiumProject({
  name: "@dropwise/backend-wasm in Chromium",
  include: ["test/conformance.test.ts", "test/threads.browser.test.ts"],
});
