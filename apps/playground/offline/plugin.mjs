import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const template = fileURLToPath(new URL("service-worker.js", import.meta.url));

/**
 * Writes `sw.js`, the service worker, with the list of all files of the build in it: after one visit the page opens without a network.
 *
 * @returns {import("vite").Plugin}
 */
export function offline() {
  return {
    name: "offline",
    apply: "build",
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle)
        .filter((name) => !name.endsWith(".map") && name !== "index.html")
        .sort();
      // Most names carry a hash of what is in the file; index.html does not, so its text is hashed here.
      const page = bundle["index.html"];
      const text = page?.type === "asset" ? String(page.source) : "";
      const version = createHash("sha256").update(files.join("\n")).update(text).digest("hex").slice(0, 12);
      const kept = ["./", "./icon.svg", ...files.map((name) => `./${name}`)];
      const source = readFileSync(template, "utf8").replace("%VERSION%", version).replace('["%FILES%"]', JSON.stringify(kept));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}
