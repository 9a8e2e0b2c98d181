import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";
import { leftOut, root, workspacePackages } from "./scripts/workspace.mjs";
import { sourceAlias } from "./vitest.shared.mjs";

const packages = workspacePackages().filter((pkg) => leftOut(pkg) === undefined);

/** One project for each package; a package's own `vitest.config.ts` takes the place of the common settings. */
const projects = packages.map((pkg) =>
  existsSync(join(pkg.folder, "vitest.config.ts"))
    ? join(pkg.folder, "vitest.config.ts")
    : {
        extends: true as const,
        root: pkg.folder,
        test: { name: pkg.name, include: ["{src,test}/**/*.test.ts"], exclude: ["**/*.browser.test.ts"] },
      },
);

/** What a package also tests in Chromium; such a project is empty where there is none. */
const inBrowsers = packages
  .flatMap((pkg) => ["vitest.browser.config.ts", "vitest.plain.config.ts"].map((name) => join(pkg.folder, name)))
  .filter(existsSync);

/** The pages, whose code runs and whose links lead somewhere, the examples, the experiments, the project's own tools, and what the packages with an addon share. */
const outside = ["docs", "examples", "experiments", "scripts", "packages/addon"].map((folder) => ({
  extends: true as const,
  root: join(root, folder),
  test: { name: basename(folder), include: ["**/*.test.ts"] },
}));

export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    projects: [...projects, ...inBrowsers, ...outside],
    passWithNoTests: true,
    // A bound for hung tests only: nothing here is timed, and a busy machine may be slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
