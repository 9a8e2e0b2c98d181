import { chromiumProject } from "../../vitest.chromium.mjs";
import { wgslVite } from "./wgsl-plugin.mjs";

/** The same tests in headless Chromium. */
export default chromiumProject({ name: "@dropwise/backend-webgpu in Chromium", include: ["test/*.test.ts"], plugins: [wgslVite()] });
