import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeBundled } from "../../addon/src/testing/bundled";
import { name as packageName, version } from "../package.json";
import type { MpiUnavailableError } from "./errors";
import { find } from "./load";

const build = fileURLToPath(new URL("../build/Release/distributed.node", import.meta.url));

/** What `find` throws. */
function refusal(path: string | undefined, places?: string[]): MpiUnavailableError {
  try {
    find(path, places);
  } catch (error) {
    return error as MpiUnavailableError;
  }
  throw new Error("expected a refusal");
}

// There is none to load on Windows.
describe.skipIf(process.platform === "win32")("the addon", () => {
  test("is found in the build folder, and by its path", () => {
    for (const addon of [find(), find(build)]) expect([addon.version, typeof addon.Group]).toEqual([version, "function"]);
  });

  describeBundled({
    source: fileURLToPath(new URL("./load.ts", import.meta.url)),
    packageName,
    version,
    build,
    file: "distributed.node",
    variable: "DROPWISE_DISTRIBUTED_PATH",
    error: "MpiUnavailableError",
  });
});

describe("an addon that is not found", () => {
  test("is told of with all that was tried, and all that can be done", () => {
    const { name, message, tried } = refusal(undefined, [join(tmpdir(), "app.mjs")]);
    expect(name).toBe("MpiUnavailableError");
    expect(message).toMatch(
      /^connect: expected a compiled addon for .+, got none - install .+ build .+ let DROPWISE_DISTRIBUTED_PATH name the file distributed\.node; tried:\n {2}- the package/,
    );
    expect(tried.length).toBeGreaterThan(0);
  });

  test("is looked for nowhere else where the variable names one that is not there", () => {
    const { message, tried } = refusal("absent.node");
    expect(message).toContain("connect: expected DROPWISE_DISTRIBUTED_PATH to name the addon - correct it or unset it");
    expect(tried).toEqual([`DROPWISE_DISTRIBUTED_PATH (${join(process.cwd(), "absent.node")}): not there`]);
  });
});
