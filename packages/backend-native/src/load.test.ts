import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackendUnavailableError } from "@dropwise/core/backend";
import { describe, expect, test, vi } from "vitest";
import { platformNames } from "../../addon/src/platform";
import { describeBundled } from "../../addon/src/testing/bundled";
import { name as packageName, version } from "../package.json";
import { find } from "./load";

const build = fileURLToPath(new URL("../build/Release/dropwise.node", import.meta.url));

/** What `find` throws. */
function refusal(path: string | undefined, places?: string[]): BackendUnavailableError {
  try {
    find(path, places);
  } catch (error) {
    return error as BackendUnavailableError;
  }
  throw new Error("expected a refusal");
}

describe("the addon", () => {
  test("is found in the build folder, and always has the scalar kernels last", () => {
    expect(find().isas.at(-1)).toBe("scalar");
    expect(find().version).toBe(version);
  });

  test("is looked for without a diagnostic report, which would wait for name servers", () => {
    const report = vi.spyOn(process, "report", "get").mockImplementation(() => {
      throw new Error("asked for a report");
    });
    find();
    refusal(undefined, []);
    refusal(undefined, [join(tmpdir(), "app.mjs")]);
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });

  test("that is not found is told of with all that was tried, and all that can be done", () => {
    const place = join(tmpdir(), "app.mjs");
    const { name, backend, message, tried } = refusal(undefined, [place]);
    expect([name, backend]).toEqual(["BackendUnavailableError", "native"]);
    expect(message).toMatch(
      /expected a compiled addon for .+, got none - install .+ build .+ let DROPWISE_NATIVE_PATH name the file dropwise.node, or use @dropwise\/backend-wasm/,
    );
    expect(tried).toHaveLength(1);
    expect(tried[0]).toContain(`the package @dropwise/backend-native-${platformNames()[0]}, from ${place}`);
  });
});

describe("DROPWISE_NATIVE_PATH", () => {
  test("names the file, from the root or from the working directory", () => {
    expect(find(build).isas).toEqual(find().isas);
    expect(find(relative(process.cwd(), build)).isas).toEqual(find().isas);
  });

  test("is looked for nowhere else when it is wrong, and the error names it as it was understood", () => {
    const error = refusal("absent.node");
    expect(error.name).toBe("BackendUnavailableError");
    expect(error.message).toContain(
      "native: expected DROPWISE_NATIVE_PATH to name the addon - correct it or unset it; a relative path counts from",
    );
    expect(error.tried).toEqual([`DROPWISE_NATIVE_PATH (${join(process.cwd(), "absent.node")}): not there`]);
  });
});

describeBundled({
  source: fileURLToPath(new URL("./load.ts", import.meta.url)),
  packageName,
  version,
  build,
  file: "dropwise.node",
  variable: "DROPWISE_NATIVE_PATH",
  error: "BackendUnavailableError",
});
