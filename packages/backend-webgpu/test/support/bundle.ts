import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { wgslEsbuild } from "../../wgsl-plugin.mjs";

/** This package's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles a program that imports from `./src`, as an ES module: neither Node nor a browser runs the sources. */
export async function bundle(code: string, platform: "node" | "browser"): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform,
    alias: {
      "@dropwise/core/backend": join(root, "../core/src/backend/index.ts"),
      "@dropwise/core": join(root, "../core/src/index.ts"),
    },
    plugins: [wgslEsbuild()],
  });
  return outputFiles[0]?.text ?? "";
}
