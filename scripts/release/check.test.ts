import { describe, expect, test } from "vitest";
import { ADDONS, PLATFORMS } from "../../packages/addon/addons.mjs";
import { checkTarballs } from "./check.mjs";
import { publishedManifest } from "./pack.mjs";
import type { PackageJson } from "./packages.mjs";
import type { Tarball } from "./tarballs.mjs";

const repository = "someone/dropwise";
const names = ["@dropwise/core", "@dropwise/backend-native"];
const expected = { version: "0.1.0", names, repository, complete: false };

/** An addon for Linux that asks for one glibc. */
function addon(glibc: string): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write("\x7fELF", 0, "latin1");
  bytes.writeUInt16LE(0x3e, 18);
  bytes.write(`libc.so.6\0GLIBC_${glibc}\0`, 100, "latin1");
  return bytes;
}

function tarball(manifest: PackageJson, files: string[], directory: string, bytes = addon("2.17")): Tarball {
  const published = publishedManifest({ publishConfig: { access: "public" }, ...manifest }, repository, directory);
  return { path: "", size: 0, manifest: published, files: ["package.json", "README.md", "LICENSE", ...files], read: () => bytes };
}

const version = "0.1.0";
const core = (fields: object = {}, files = ["dist/index.js"]) =>
  tarball({ name: "@dropwise/core", version, files: ["dist"], main: "./dist/index.js", ...fields }, files, "packages/core");
const native = (fields: object = {}, files = ["dist/index.js"]) =>
  tarball(
    {
      name: "@dropwise/backend-native",
      version,
      files: ["dist"],
      gypfile: false,
      peerDependencies: { "@dropwise/core": version },
      optionalDependencies: { "@dropwise/backend-native-linux-x64-gnu": version },
      ...fields,
    },
    files,
    "packages/backend-native",
  );
const platform = (fields: object = {}, bytes = addon("2.17")) =>
  tarball(
    {
      name: "@dropwise/backend-native-linux-x64-gnu",
      version,
      files: ["dropwise.node"],
      main: "dropwise.node",
      os: ["linux"],
      cpu: ["x64"],
      libc: ["glibc"],
      ...fields,
    },
    ["dropwise.node"],
    "packages/backend-native",
    bytes,
  );

const distributed = (fields: object = {}) =>
  tarball(
    {
      name: "@dropwise/distributed",
      version,
      files: ["dist"],
      gypfile: false,
      peerDependencies: { "@dropwise/core": version },
      optionalDependencies: { "@dropwise/distributed-linux-x64-gnu": version },
      ...fields,
    },
    ["dist/index.js"],
    "packages/distributed",
  );
const platformOfDistributed = () =>
  tarball(
    {
      name: "@dropwise/distributed-linux-x64-gnu",
      version,
      files: ["distributed.node"],
      main: "distributed.node",
      os: ["linux"],
      cpu: ["x64"],
      libc: ["glibc"],
    },
    ["distributed.node"],
    "packages/distributed",
  );

const faultsOf = (tarballs: Tarball[], options = expected) => checkTarballs(tarballs, options).flatMap(({ faults }) => faults);

describe("the tarballs of a release", () => {
  test("pass when all is well", () => {
    expect(faultsOf([core(), native(), platform()])).toEqual([]);
  });

  test.each<[string, Tarball[], RegExp]>([
    ["a package is missing", [core(), platform()], /expected @dropwise\/backend-native, /],
    ["versions differ", [core({ version: "0.1.1" }), native(), platform()], /core: expected 0\.1\.0, got 0\.1\.1/],
    [
      "one asks for a range of another",
      [core(), native({ peerDependencies: { "@dropwise/core": "^0.1.0" } }), platform()],
      /expected @dropwise\/core@0\.1\.0, got @dropwise\/core@\^0\.1\.0/,
    ],
    ["npm would run node-gyp", [core(), native({ gypfile: undefined }), platform()], /expected gypfile false/],
    ["npm would find a build to run", [core(), native({ files: ["dist", "binding.gyp"] }, ["binding.gyp"]), platform()], /no binding\.gyp/],
    ["a file is not on the list", [core({}, ["dist/index.js", "src/index.ts"]), native(), platform()], /expected no src\/index\.ts/],
    ["a test comes along", [core({}, ["dist/index.js", "dist/a.test.js"]), native(), platform()], /expected no dist\/a\.test\.js/],
    ["a named file is missing", [core({ types: "./dist/index.d.ts" }), native(), platform()], /expected dist\/index\.d\.ts, got none/],
    [
      "an export leads nowhere",
      [core({ exports: { ".": { import: "./dist/a.js" } } }), native(), platform()],
      /expected dist\/a\.js, got none/,
    ],
    ["it would not be public", [core({ publishConfig: {} }), native(), platform()], /core: expected public, got /],
    [
      "the native package lacks the platform",
      [core(), native({ optionalDependencies: {} }), platform()],
      /native: expected .*linux-x64-gnu, got /,
    ],
    ["the platform is another", [core(), native(), platform({ cpu: ["arm64"] })], /expected linux, x64, glibc, got linux, arm64, glibc/],
    ["the addon is no program", [core(), native(), platform({}, Buffer.from("none"))], /expected linux-x64-gnu, got something else/],
  ])("are refused when %s", (_, tarballs, message) => {
    expect(faultsOf(tarballs).join("\n")).toMatch(message);
  });

  test("are refused when README or LICENSE is missing", () => {
    const bare = { ...core(), files: ["package.json", "dist/index.js"] };
    expect(faultsOf([bare, native(), platform()])).toEqual([
      "@dropwise/core: expected README.md, got none",
      "@dropwise/core: expected LICENSE, got none",
    ]);
  });

  test.each(["preinstall", "install", "postinstall", "prepare"])("are refused with a script that npm would run: %s", (name) => {
    const tainted = { ...core() };
    tainted.manifest = { ...tainted.manifest, scripts: { [name]: "node x.js" } };
    expect(faultsOf([tainted, native(), platform()])).toEqual([`@dropwise/core: expected no ${name} script, got "node x.js"`]);
  });

  test("must say where the workflow runs, or npm would refuse their provenance", () => {
    expect(faultsOf([core(), native(), platform()], { ...expected, repository: "else/where" })).toHaveLength(3);
  });

  test("hold every platform, unless it is a rehearsal", () => {
    const faults = faultsOf([core(), native(), platform()], { ...expected, complete: true });
    for (const name of PLATFORMS) expect(faults.join("\n")).toContain(`@dropwise/backend-native-${name}`);
  });

  test("hold the platforms of every package with an addon, each named by its own, for the systems that it is for", () => {
    const both = { ...expected, names: [...names, "@dropwise/distributed"] };
    const all = [core(), native(), platform(), distributed(), platformOfDistributed()];
    expect(faultsOf(all, both)).toEqual([]);

    const mixed = { "@dropwise/distributed-linux-x64-gnu": version, "@dropwise/backend-native-linux-x64-gnu": version };
    expect(faultsOf([core(), native(), platform(), distributed({ optionalDependencies: mixed }), platformOfDistributed()], both)).toEqual([
      "@dropwise/distributed: expected @dropwise/distributed-linux-x64-gnu, got @dropwise/backend-native-linux-x64-gnu, @dropwise/distributed-linux-x64-gnu",
    ]);
    expect(faultsOf([core(), native(), platform(), distributed({ gypfile: undefined }), platformOfDistributed()], both).join()).toMatch(
      /expected gypfile false/,
    );

    const faults = faultsOf(all, { ...both, complete: true }).join("\n");
    for (const { name, platforms } of ADDONS) for (const each of platforms) expect(faults).toContain(`${name}-${each}`);
    expect(faults).not.toContain("@dropwise/distributed-win32");
  });

  test("need no glibc newer than Node 20 does, unless it is a rehearsal", () => {
    const tarballs = [core(), native(), platform({}, addon("2.34"))];
    expect(faultsOf(tarballs)).toEqual([]);
    expect(faultsOf(tarballs, { ...expected, complete: true }).join("\n")).toMatch(/expected no glibc newer than 2\.28, got 2\.34/);
  });
});

describe("a package.json as it is published", () => {
  test("says where the sources are, and leaves out what only the workspace needs", () => {
    const manifest = { name: "a", version, main: "x.js", scripts: { build: "tsup" }, devDependencies: { b: "1.0.0" }, dropwise: {} };
    expect(publishedManifest(manifest, repository, "packages/a")).toEqual({
      name: "a",
      version,
      main: "x.js",
      repository: { type: "git", url: "git+https://github.com/someone/dropwise.git", directory: "packages/a" },
      homepage: "https://github.com/someone/dropwise/tree/main/packages/a#readme",
      bugs: { url: "https://github.com/someone/dropwise/issues" },
    });
  });

  test.each(["", "dropwise", "https://github.com/a/b", "a/b/c", "a b/c"])(
    "is not made for a repository that is no owner/name: %o",
    (name) => {
      expect(() => publishedManifest({ name: "a", version }, name, "packages/a")).toThrow(RangeError);
    },
  );
});
