import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackendUnavailableError } from "@dropwise/core/backend";
import { buildSync } from "esbuild";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { platformNames } from "../../addon/src/platform";
import { version } from "../package.json";
import { find } from "./load";


const folder = mkdtempSync(join(tmpdir(), "native-load-"));
beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

/** A package in the temporary folder. */
function writePackage(place: string, manifest: object): void {
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, place, "package.json"), JSON.stringify(manifest));
}

/** The package of this platform, with the addon that was built. */
function writePlatformPackage(modules: string): void {
  const name = `@dropwise/backend-native-${platformNames()[0]}`;
  writePackage(`${modules}/${name}`, { name, main: "dropwise.node" });
  cpSync(build, join(folder, modules, name, "dropwise.node"));
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
    refusal(undefined, [join(folder, "app.mjs")]);
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });

  test("that is not found is told of with all that was tried, and all that can be done", () => {
    const { name, backend, message, tried } = refusal(undefined, [join(folder, "app.mjs")]);
    expect([name, backend]).toEqual(["BackendUnavailableError", "native"]);
    expect(message).toMatch(
      /expected a compiled addon for .+, got none - install .+ build .+ let DROPWISE_NATIVE_PATH name the file dropwise.node, or use @dropwise\/backend-wasm/,
    );
    expect(tried).toHaveLength(1);
    expect(tried[0]).toContain(`the package @dropwise/backend-native-${platformNames()[0]}, from ${folder}`);
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
      "expected DROPWISE_NATIVE_PATH to name the addon - correct it or unset it; a relative path counts from",
    );
    expect(error.tried).toEqual([`DROPWISE_NATIVE_PATH (${join(process.cwd(), "absent.node")}): not there`]);
  });

  const program = "globalThis.hasRun = true; module.exports = { version: '0.1.0', isas: ['scalar'], open() {} };";

  test.each([
    ["a program", "addon.js"],
    ["a program that calls itself an addon", "addon.node"],
    ["a link to a program", "link.node"],
    ["a folder with a program", "folder.node"],
    ["a package", "vitest"],
  ])("is no way to run JavaScript: %s", (_, name) => {
    for (const file of ["addon.js", "addon.node"]) writeFileSync(join(folder, file), program);
    symlinkSync(join(folder, "addon.js"), join(folder, "link.node"));
    mkdirSync(join(folder, "folder.node"));
    writeFileSync(join(folder, "folder.node", "index.js"), program);
    const { tried } = refusal(name === "vitest" ? name : join(folder, name));
    expect(tried).toHaveLength(1);
    expect(tried[0]).toMatch(name === "vitest" ? /: not there$/ : /: did not load: /);
    expect("hasRun" in globalThis).toBe(false);
  });

  test.skipIf(process.platform !== "linux")("names an addon of ours, and of this version", () => {
    /** What is said of an addon whose start runs `code`. */
    const reasonFor = (name: string, code: string) => {
      const source = join(folder, `${name}.c`);
      const addon = join(folder, `${name}.node`);
      writeFileSync(source, `${NODE_API} void* napi_register_module_v1(void* env, void* exports) { void* value; ${code} return exports; }`);
      const compiled = spawnSync(process.env.CC ?? "cc", ["-shared", "-fPIC", "-o", addon, source], { encoding: "utf8" });
      expect(compiled.stderr).toBe("");
      return refusal(addon).tried[0]?.replace(/^.*?: /, "");
    };
    expect(reasonFor("empty", "(void)value;")).toBe("it is no Dropwise addon");
    const like = `napi_create_array(env, &value), napi_set_named_property(env, exports, "isas", value);
      napi_create_function(env, "open", 4, (void*)napi_create_array, 0, &value), napi_set_named_property(env, exports, "open", value);`;
    expect(reasonFor("unversioned", like)).toBe(`it belongs to @dropwise/backend-native of another version, not to ${version}`);
    const old = `napi_create_string_utf8(env, "0.0.1", 5, &value), napi_set_named_property(env, exports, "version", value);`;
    expect(reasonFor("old", like + old)).toBe(`it belongs to @dropwise/backend-native 0.0.1, not to ${version}`);
  });
});

/** What a small addon in C takes of Node-API. */
const NODE_API = `#include <stddef.h>
  int napi_create_array(void*, void**), napi_set_named_property(void*, void*, const char*, void*);
  int napi_create_function(void*, const char*, size_t, void*, void*, void**), napi_create_string_utf8(void*, const char*, size_t, void**);`;

describe.each(["esm", "cjs"] as const)("in a bundle as %s", (format) => {
  const entry = `import { createNativeBackend } from ${JSON.stringify(fileURLToPath(new URL("./index.ts", import.meta.url)))};
    try { console.log(createNativeBackend().info.device); } catch (error) { console.log(error.name, error.tried); }`;
  const file = () => join(folder, "out", `app.${format === "esm" ? "mjs" : "cjs"}`);

  /** Bundles a program that creates a backend, and runs it there: what it prints. */
  function runBundle(env: Record<string, string> = {}): string {
    const input = { contents: entry, resolveDir: fileURLToPath(new URL(".", import.meta.url)) };
    const logOverride = { "empty-import-meta": "silent" as const };
    buildSync({ stdin: input, bundle: true, platform: "node", format, outfile: file(), logLevel: "error", logOverride });
    const ran = spawnSync(process.execPath, [file()], { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } });
    expect(ran.stderr).toBe("");
    return ran.stdout.trim();
  }

  test("it is the one of the platform's package that is installed for the bundle", () => {
    writePlatformPackage("node_modules");
    expect(runBundle()).toBe(find().isas[0]);
  });

  test("it is that of the package that is installed beside the bundle, however those are laid out", () => {
    const own = "node_modules/@dropwise/backend-native";
    writePackage(own, { name: "@dropwise/backend-native" });
    writePlatformPackage(`${own}/node_modules`);
    expect(runBundle()).toBe(find().isas[0]);
  });

  test("it is none from another project's build folder", () => {
    mkdirSync(join(folder, "build", "Release"), { recursive: true });
    cpSync(build, join(folder, "build", "Release", "dropwise.node"));
    writePackage(".", { name: "other" });
    expect(runBundle()).toMatch(/^BackendUnavailableError \[\s+['"`]the package/);
    expect(runBundle({ DROPWISE_NATIVE_PATH: "build/Release/dropwise.node" })).toBe(find().isas[0]);
  });
});
