import { describe, expect, test } from "vitest";
import { withoutPeers, withPeers } from "./version.mjs";

const names = ["@dropwise/core", "@dropwise/backend-webgpu"];
const before = {
  name: "@dropwise/backend-webgpu",
  version: "0.1.0",
  peerDependencies: { "@dropwise/core": "0.1.0", webgpu: ">=0.6.2" },
  license: "MIT",
};

describe("peers, while changesets raises the versions", () => {
  test("are set aside where they are packages of the same release, and no others", () => {
    expect(withoutPeers(before, names).peerDependencies).toEqual({ webgpu: ">=0.6.2" });
  });

  test("come back at the new version, each field and each peer in its place", () => {
    const raised = { ...withoutPeers(before, names), version: "0.2.0" };
    const after = withPeers(raised, before, names, "0.2.0");
    expect(JSON.stringify(after)).toBe(JSON.stringify(before).replaceAll("0.1.0", "0.2.0"));
  });

  test("come back as they were when nothing was raised", () => {
    expect(JSON.stringify(withPeers(withoutPeers(before, names), before, names, before.version))).toBe(JSON.stringify(before));
  });

  test("are not invented for a package without any", () => {
    const core = { name: "@dropwise/core", version: "0.1.0" };
    expect(withoutPeers(core, names)).toEqual(core);
    expect(withPeers({ ...core, version: "0.2.0" }, core, names, "0.2.0")).toEqual({ ...core, version: "0.2.0" });
  });
});
