import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What a program that imports this much weighs, minified and gzipped. */
export interface BundleSize {
  readonly name: string;
  readonly bytes: number;
  /** What CI holds it to. */
  readonly limit: number;
}

/** Seen from `dist/`, and from this file's folder in tests. */
const here = dirname(fileURLToPath(import.meta.url));
const SCRIPT = ["../../scripts/sizes.mjs", "../../../scripts/sizes.mjs"].map((path) => join(here, path)).find(existsSync);

/** Bundles what users would import, of the built packages. Rejects when one cannot be bundled. */
export async function measureBundles(): Promise<BundleSize[]> {
  if (SCRIPT === undefined) throw new Error("bundle-size: expected scripts/sizes.mjs of the repository, got none - run it in a clone");
  // A size over its limit is CI's affair; here it is a figure like any other.
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, "--json"]).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? "",
  }));
  const sizes = JSON.parse(stdout) as { name: string; bytes: number | null; limit: number }[];
  const broken = sizes.find(({ bytes }) => bytes === null); // NaN in JSON
  if (broken !== undefined) throw new Error(`bundle-size: expected "${broken.name}" to be bundled, it was not - run npm run sizes`);
  return sizes as BundleSize[];
}
