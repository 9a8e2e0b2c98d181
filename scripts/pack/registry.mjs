/** A registry on this machine for the packed packages alone, so that projects install them by name, as from the real one. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/**
 * @typedef {object} Release A package as it would be published.
 * @property {Record<string, any> & { name: string, version: string }} manifest
 * @property {import("../release/tarballs.mjs").Tarball} [tarball] Without one, the package has a page but cannot be fetched.
 */

/**
 * @typedef {object} Registry
 * @property {string} address
 * @property {string[]} fetched The packages that were fetched so far, by name.
 */

/**
 * @param {Release[]} releases
 * @returns {Promise<Registry>}
 */
export async function startRegistry(releases) {
  const byName = new Map(releases.map((release) => [release.manifest.name, release]));
  /** @type {string[]} */
  const fetched = [];
  let address = "";

  const server = createServer((request, response) => {
    // npm would keep the answers for a registry whose address never comes back.
    response.setHeader("Cache-Control", "no-store");
    const [path = "", query] = decodeURIComponent(request.url ?? "")
      .slice(1)
      .split("?");
    const release = byName.get(path);
    if (release === undefined) response.writeHead(404).end("{}");
    else if (query === undefined) response.setHeader("Content-Type", "application/json").end(JSON.stringify(pageOf(release, address)));
    else if (release.tarball === undefined) response.writeHead(404).end();
    else {
      fetched.push(path);
      response.setHeader("Content-Type", "application/octet-stream").end(readFileSync(release.tarball.path));
    }
  });
  server.unref(); // it ends with the process
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  address = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`;
  return { address, fetched };
}

// --- internal helpers ---

/** What a registry says of a package. @param {Release} release @param {string} address */
function pageOf({ manifest, tarball }, address) {
  const { name, version } = manifest;
  const content = tarball === undefined ? "" : readFileSync(tarball.path);
  const dist = {
    tarball: `${address}${name}?tarball`,
    integrity: `sha512-${createHash("sha512").update(content).digest("base64")}`,
    shasum: createHash("sha1").update(content).digest("hex"),
  };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
