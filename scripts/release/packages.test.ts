import { describe, expect, test } from "vitest";
import { currentVersion, inPublishOrder, publicPackages, siblingsOf } from "./packages.mjs";

const pkg = (name: string, fields: object = {}) => ({ manifest: { name, version: "1.0.0", ...fields } });
const namesOf = (packages: { manifest: { name: string } }[]) => packages.map(({ manifest }) => manifest.name);

describe("the packages of a release", () => {
  test("are the public ones of the workspace, at one version, with their folders in the repository", () => {
    const packages = publicPackages();
    expect(packages.map(({ name, directory }) => [name, directory])).toContainEqual(["@dropwise/core", "packages/core"]);
    expect(packages.map(({ name }) => name)).not.toContain("@dropwise/kernels");
    expect(packages.every(({ manifest }) => manifest.version === currentVersion())).toBe(true);
  });

  test("are published after all that they ask for", () => {
    const native = pkg("native", { peerDependencies: { core: "1.0.0" }, optionalDependencies: { "native-linux": "1.0.0" } });
    const sorted = inPublishOrder([native, pkg("core"), pkg("native-linux"), pkg("suite", { dependencies: { native: "1.0.0" } })]);
    expect(namesOf(sorted)).toEqual(["core", "native-linux", "native", "suite"]);
  });

  test("cannot ask for each other in a circle", () => {
    const circle = [pkg("a", { dependencies: { b: "1.0.0" } }), pkg("b", { peerDependencies: { a: "1.0.0" } })];
    expect(() => inPublishOrder(circle)).toThrow("a > b > a");
  });

  test("do not wait for what they only need while they are developed", () => {
    const { manifest } = pkg("a", { dependencies: { b: "1.0.0", left: "2.0.0" }, devDependencies: { c: "1.0.0" } });
    expect(siblingsOf(manifest, ["a", "b", "c"])).toEqual({ b: "1.0.0" });
  });
});
