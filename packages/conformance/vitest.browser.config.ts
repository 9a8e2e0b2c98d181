import { chromiumProject } from "../../vitest.chromium.mjs";

/** The reference backend in headless Chromium. */
export default chromiumProject({ name: "@dropwise/conformance in Chromium", include: ["test/reference.test.ts"] });
