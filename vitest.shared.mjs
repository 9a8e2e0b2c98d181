/** What every test project of the workspace shares. A package with needs of its own imports it in its `vitest.config.ts`. */
import { fileURLToPath } from "node:url";

/** @param {string} path */
const fromRoot = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Tests see the sources of packages that are TypeScript alone, or whose compiled part is found from there, so that a change needs no build. `DROPWISE_TEST_DIST=1` lets them see the
 * built files instead, through the packages' own `exports`, as users do.
 *
 * @type {{ find: RegExp, replacement: string }[]}
 */
export const sourceAlias =
  process.env.DROPWISE_TEST_DIST === "1"
    ? []
    : [
        { find: /^@dropwise\/core$/, replacement: fromRoot("packages/core/src/index.ts") },
        { find: /^@dropwise\/core\/backend$/, replacement: fromRoot("packages/core/src/backend/index.ts") },
        { find: /^@dropwise\/core\/train$/, replacement: fromRoot("packages/core/src/train/index.ts") },
        { find: /^@dropwise\/core\/streams$/, replacement: fromRoot("packages/core/src/streams/index.ts") },
        { find: /^@dropwise\/backend-wasm$/, replacement: fromRoot("packages/backend-wasm/src/index.ts") },
        { find: /^@dropwise\/weights$/, replacement: fromRoot("packages/weights/src/index.ts") },
        { find: /^@dropwise\/distributed$/, replacement: fromRoot("packages/distributed/src/index.ts") },
        { find: /^@dropwise\/conformance$/, replacement: fromRoot("packages/conformance/src/index.ts") },
      ];

/** The environment in which Node's WebGPU finds a GPU in software, for packages that test on one. */
export { swiftShaderEnvironment } from "./packages/backend-webgpu/test/support/swiftshader.mjs";
