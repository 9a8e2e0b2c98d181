import { describe, expect, test } from "vitest";
import own from "../package.json" with { type: "json" };
import { PLATFORMS, platformManifest, withPlatforms } from "../scripts/platform-package.mjs";
import { platformNames } from "./platform";

describe("the packages of the platforms", () => {
  test("are those whose names the loader looks for, this one among them", () => {
    expect(PLATFORMS).toEqual(expect.arrayContaining([...platformNames()]));
  });

  test.each(PLATFORMS)("%s installs nowhere else, at the version and under the licence of the package that needs it", (platform) => {
    const { name, version, license, os, cpu, libc, main, files } = platformManifest(own, platform);
    expect({ name, version, license }).toEqual({ name: `${own.name}-${platform}`, version: own.version, license: own.license });
    const fields = [os, cpu, libc].flatMap((list: string[] | undefined) => (list === undefined ? [] : [list.join()]));
    expect(fields.join("-").replace("glibc", "gnu")).toBe(platform);
    expect(files).toEqual([main]);
  });

  test("are optional dependencies of exactly that version; nothing else of the package changes", () => {
    const { optionalDependencies, ...rest } = withPlatforms(own, ["linux-x64-gnu", "darwin-arm64"]);
    expect(optionalDependencies).toEqual({
      "@dropwise/backend-native-linux-x64-gnu": own.version,
      "@dropwise/backend-native-darwin-arm64": own.version,
    });
    expect(rest).toEqual(own);
  });

  test.each(["", "linux-x64", "linux-x64-glibc", "sunos-x64", "linux-x64-gnu "])("exist for no other platform: %o", (platform) => {
    expect(() => platformManifest(own, platform)).toThrow(RangeError);
    expect(() => withPlatforms(own, ["linux-x64-gnu", platform])).toThrow(/expected one of linux-x64-gnu/);
  });

  test("are no dependencies of the package in the repository, where they do not exist", () => {
    expect(own).not.toHaveProperty("optionalDependencies");
    expect(own).not.toHaveProperty("scripts.install");
  });
});
