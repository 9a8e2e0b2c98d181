import { describe, expect, test } from "vitest";
import native from "../backend-native/package.json" with { type: "json" };
import distributed from "../distributed/package.json" with { type: "json" };
import { ADDONS, addonOf, PLATFORMS, platformIn } from "./addons.mjs";
import { platformManifest, withPlatforms } from "./platform-package.mjs";
import { platformNames } from "./src/platform";

describe("the packages with an addon", () => {
  test("are these two; for Windows there is only the native backend's", () => {
    expect(ADDONS.map(({ name }) => name)).toEqual([native.name, distributed.name]);
    expect(addonOf(native.name).platforms).toEqual(PLATFORMS);
    expect(addonOf(distributed.name).platforms).toEqual(PLATFORMS.filter((platform) => platform !== "win32-x64"));
    expect(() => addonOf("@dropwise/core")).toThrow(/expected one of .*, got "@dropwise\/core"/);
  });

  test("are told from the names of their platforms' packages, and those from others", () => {
    expect(platformIn("@dropwise/distributed-linux-x64-gnu")).toEqual({ addon: addonOf(distributed.name), platform: "linux-x64-gnu" });
    expect(platformIn("@dropwise/backend-native-win32-x64")?.platform).toBe("win32-x64");
    for (const name of [native.name, distributed.name, "@dropwise/core", "@dropwise/backend-wasm"])
      expect(platformIn(name)).toBeUndefined();
  });
});

describe.each([native, distributed])("the packages of the platforms: $name", (own) => {
  const { platforms, file } = addonOf(own.name);

  test("are those whose names the loader looks for, this one among them", () => {
    if (platforms.some((platform) => platform.startsWith(process.platform)))
      expect(platforms).toEqual(expect.arrayContaining([...platformNames()]));
  });

  test.each(platforms)("%s installs nowhere else, at the version and under the licence of the package that needs it", (platform) => {
    const { name, version, license, os, cpu, libc, main, files } = platformManifest(own, platform);
    expect({ name, version, license, main }).toEqual({
      name: `${own.name}-${platform}`,
      version: own.version,
      license: own.license,
      main: file,
    });
    const fields = [os, cpu, libc].flatMap((list: string[] | undefined) => (list === undefined ? [] : [list.join()]));
    expect(fields.join("-").replace("glibc", "gnu")).toBe(platform);
    expect(files).toEqual([main]);
  });

  test("are optional dependencies of exactly that version; nothing else of the package changes", () => {
    const { optionalDependencies, ...rest } = withPlatforms(own, ["linux-x64-gnu", "darwin-arm64"]);
    expect(optionalDependencies).toEqual({
      [`${own.name}-linux-x64-gnu`]: own.version,
      [`${own.name}-darwin-arm64`]: own.version,
    });
    expect(rest).toEqual(own);
  });

  const others = [
    "",
    "linux-x64",
    "linux-x64-glibc",
    "sunos-x64",
    "linux-x64-gnu ",
    ...PLATFORMS.filter((each) => !platforms.includes(each)),
  ];
  test.each(others)("exist for no other platform: %o", (platform) => {
    expect(() => platformManifest(own, platform)).toThrow(RangeError);
    expect(() => withPlatforms(own, ["linux-x64-gnu", platform])).toThrow(/expected one of linux-x64-gnu/);
  });

  test("are no dependencies of the package in the repository, where they do not exist", () => {
    expect(own).not.toHaveProperty("optionalDependencies");
    expect(own).not.toHaveProperty("scripts.install");
  });
});
