/** `.wgsl` files as strings, without comments and spare blanks; for the bundler and, the same, for tests. */
import { readFile } from "node:fs/promises";

/** @param {string} source */
function minifyWgsl(source) {
  return source
    .replace(/\/\/.*$/gm, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{}()<>=+\-*/,;:&|^!~?[\]]) ?/g, "$1")
    .replace(/,([)}\]])/g, "$1")
    .trim();
}

/** For esbuild, which tsup runs. @returns {import("esbuild").Plugin} */
export const wgslEsbuild = () => ({
  name: "wgsl",
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({ contents: minifyWgsl(await readFile(path, "utf8")), loader: "text" }));
  },
});

/** For Vite, which vitest runs. @returns {import("vite").Plugin} */
export const wgslVite = () => ({
  name: "wgsl",
  enforce: "pre",
  async load(id) {
    if (!id.endsWith(".wgsl")) return null;
    return `export default ${JSON.stringify(minifyWgsl(await readFile(id, "utf8")))};`;
  },
});
