import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackendUnavailableError } from "@dropwise/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { find, platformName } from "./load";

const folder = mkdtempSync(join(tmpdir(), "native-load-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const build = fileURLToPath(new URL("../build/Release/dropwise.node", import.meta.url));

/** What `find` throws. */
function refusal(path: string): BackendUnavailableError {
  try {
    find(path);
  } catch (error) {
    return error as BackendUnavailableError;
  }
  throw new Error("expected a refusal");
}

describe("the addon", () => {
  test("is found in the build folder, and always has the scalar kernels last", () => {
    expect(find().isas.at(-1)).toBe("scalar");
  });

  test("is the file that the override names", () => {
    expect(find(build).isas).toEqual(find().isas);
  });

  test("is looked for nowhere else when the override is wrong", () => {
    const error = refusal(join(folder, "absent.node"));
    expect(error.name).toBe("BackendUnavailableError");
    expect(error.backend).toBe("native");
    expect(error.message).toContain("expected DROPWISE_NATIVE_PATH to name the addon - correct it or unset it");
    expect(error.tried).toHaveLength(1);
    expect(error.tried[0]).toContain("absent.node");
  });

  test.each([
    ["text", "no addon"],
    ["other.cjs", "module.exports = { isas: 1 };"],
  ])("is not just any file: %s", (name, text) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    expect(refusal(file).tried).toHaveLength(1);
  });

  test("has a platform with system, processor and, on Linux, C library", () => {
    expect(platformName()).toMatch(/^(linux-(x64|arm64)-(gnu|musl)|(darwin|win32)-(x64|arm64))$/);
  });
});
