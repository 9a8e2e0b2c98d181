/** The packages as a release publishes them, and the pages that a registry has for them. */
import { join } from "node:path";
import { platformManifest, withPlatforms, writePlatformPackage } from "../../packages/addon/platform-package.mjs";
import { packAll } from "../release/pack.mjs";
import { addonPackages, publicPackages, thisPlatform } from "../release/packages.mjs";
import { readTarballs } from "../release/tarballs.mjs";
import { leftOut, workspacePackages } from "../workspace.mjs";

/** The native backend's package, which asks for those of the platforms. */
export const NATIVE = "@dropwise/backend-native";

/** Data-parallel training's, which does so, too. */
export const DISTRIBUTED = "@dropwise/distributed";

/** Where the tarballs say that the sources are. */
export const REPOSITORY = "example/dropwise";

/**
 * Packs what can be built here into a folder: every public package, and the packages of the addons for this platform. Nothing in the workspace changes.
 *
 * @param {string} folder
 * @returns {import("./registry.mjs").Release[]} these, and the packages for other platforms, which have a page and no file.
 */
export function stage(folder) {
  const built = new Set(workspacePackages().flatMap((pkg) => (leftOut(pkg) === undefined ? [pkg.folder] : [])));
  const packages = publicPackages().filter((pkg) => built.has(pkg.folder));
  const platform = thisPlatform();
  const addons = addonPackages();
  const platforms = addons.flatMap((pkg) =>
    built.has(pkg.folder) && pkg.platforms.includes(platform) ? [platformPackage(pkg, join(folder, "platform", pkg.name))] : [],
  );
  packAll(join(folder, "tarballs"), REPOSITORY, { packages, platforms });
  return readTarballs(join(folder, "tarballs")).flatMap((tarball) => {
    const { manifest } = tarball;
    const addon = addons.find(({ name }) => name === manifest.name);
    if (addon === undefined) return [{ manifest, tarball }];
    // At a release there are the packages of all platforms, and npm chooses by the pages.
    const elsewhere = addon.platforms.filter((each) => each !== platform);
    return [
      { manifest: withPlatforms(manifest, addon.platforms), tarball },
      ...elsewhere.map((each) => ({ manifest: platformManifest(manifest, each) })),
    ];
  });
}

// --- internal helpers ---

/** @param {import("../release/packages.mjs").PublicPackage} owner @param {string} folder @returns {import("../release/packages.mjs").PlatformPackage} */
function platformPackage({ name: owner, folder: home, directory }, folder) {
  const platform = thisPlatform();
  const manifest = writePlatformPackage(home, platform, folder);
  return { platform, owner, name: manifest.name, folder, directory, manifest };
}
