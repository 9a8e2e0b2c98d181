/** The packages as a release publishes them, and the pages that a registry has for them. */
import { join } from "node:path";
import {
  PLATFORMS,
  platformManifest,
  withPlatforms,
  writePlatformPackage,
} from "../../packages/backend-native/scripts/platform-package.mjs";
import { packAll } from "../release/pack.mjs";
import { nativeFolder, publicPackages, thisPlatform } from "../release/packages.mjs";
import { readTarballs } from "../release/tarballs.mjs";
import { leftOut, workspacePackages } from "../workspace.mjs";

/** The package that asks for those of the platforms. */
export const NATIVE = "@dropwise/backend-native";

/** Where the tarballs say that the sources are. */
export const REPOSITORY = "example/dropwise";

/**
 * Packs what can be built here into a folder: every public package, and the addon's package for this platform. Nothing in the workspace changes.
 *
 * @param {string} folder
 * @returns {import("./registry.mjs").Release[]} these, and the packages for other platforms, which have a page and no file.
 */
export function stage(folder) {
  const built = new Set(workspacePackages().flatMap((pkg) => (leftOut(pkg) === undefined ? [pkg.folder] : [])));
  const packages = publicPackages().filter((pkg) => built.has(pkg.folder));
  const platforms = built.has(nativeFolder) ? [platformPackage(join(folder, "platform"))] : [];
  packAll(join(folder, "tarballs"), REPOSITORY, { packages, platforms });
  return readTarballs(join(folder, "tarballs")).flatMap((tarball) => {
    if (tarball.manifest.name !== NATIVE) return [{ manifest: tarball.manifest, tarball }];
    // At a release there are the packages of all platforms, and npm chooses by the pages.
    const elsewhere = PLATFORMS.filter((platform) => platform !== thisPlatform());
    return [
      { manifest: withPlatforms(tarball.manifest, PLATFORMS), tarball },
      ...elsewhere.map((platform) => ({ manifest: platformManifest(tarball.manifest, platform) })),
    ];
  });
}

// --- internal helpers ---

/** @param {string} folder */
function platformPackage(folder) {
  const platform = thisPlatform();
  const manifest = writePlatformPackage(platform, folder);
  return { platform, name: manifest.name, folder, directory: "packages/backend-native", manifest };
}
