import { chromiumProject } from "../../vitest.chromium.mjs";

/** The same on a page without cross-origin isolation, as most sites are: one thread. */
export default chromiumProject({
  name: "@dropwise/backend-wasm in Chromium, not isolated",
  include: ["test/conformance.test.ts", "test/threads.browser.test.ts"],
  isolated: false,
});
