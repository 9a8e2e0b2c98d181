import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type AddonSearch, findAddon } from "./load";
import { platformNames } from "./platform";

interface Addon {
  readonly version: string;
  readonly answer: readonly number[];
}

/** What was thrown for want of an addon. */
class Unavailable extends Error {
  constructor(
    message: string,
    readonly tried: readonly string[],
  ) {
    super(message);
  }
}

const folder = mkdtempSync(join(tmpdir(), "addon-load-"));
beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});
const made = mkdtempSync(join(tmpdir(), "addon-load-made-"));
afterAll(() => {
  for (const each of [folder, made]) rmSync(each, { recursive: true, force: true });
});

const search: AddonSearch<Addon> = {
  packageName: "thing",
  version: "1.2.3",
  file: "thing.node",
  variable: "THING_PATH",
  isAddon: ({ answer }) => Array.isArray(answer),
  own: [() => undefined, () => join(folder, "thing", "dist", "index.cjs")],
  unavailable: (detail, tried) => new Unavailable(detail, tried),
};

/** What is thrown. */
function refusal(override?: string, places?: string[]): Unavailable {
  try {
    findAddon(search, override, places);
  } catch (error) {
    return error as Unavailable;
  }
  throw new Error("expected a refusal");
}

/** A package in the temporary folder. */
function writePackage(place: string, manifest: object): void {
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, place, "package.json"), JSON.stringify(manifest));
}

describe("an addon that is nowhere", () => {
  const platform = platformNames()[0];

  test("is told of with all that was tried, in order, and all that can be done", () => {
    writePackage("thing", { name: "thing" });
    const { message, tried } = refusal();
    expect(message).toBe(
      `expected a compiled addon for ${platform}, got none - install with optional dependencies (npm install without --omit=optional), ` +
        "or build it from a clone (npm run build), or let THING_PATH name the file thing.node; tried:",
    );
    expect(tried).toHaveLength(2);
    expect(tried[0]).toBe(`a build in this package (${join(folder, "thing", "build", "Release", "thing.node")}): not there`);
    expect(tried[1]).toContain(`the package thing-${platform}, from ${join(folder, "thing", "dist", "index.cjs")}: `);
  });

  test("is told of with what else the package knows", () => {
    expect(() => findAddon({ ...search, otherwise: "ask a friend" }, undefined, [])).toThrow(
      "let THING_PATH name the file thing.node, or ask a friend; tried:",
    );
  });

  test("is not looked for in a build folder of another package", () => {
    writePackage("thing", { name: "other" });
    expect(refusal().tried.map((line) => line.split(",")[0])).toEqual([`the package thing-${platform}`]);
  });

  test("is looked for without a diagnostic report, which would wait for name servers", () => {
    const report = vi.spyOn(process, "report", "get").mockImplementation(() => {
      throw new Error("asked for a report");
    });
    refusal();
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });
});

describe("the file that the variable names", () => {
  test("is looked for nowhere else when it is wrong, and the error names it as it was understood", () => {
    const { message, tried } = refusal("absent.node");
    expect(message).toBe(
      "expected THING_PATH to name the addon - correct it or unset it; a relative path counts from the working directory; tried:",
    );
    expect(tried).toEqual([`THING_PATH (${join(process.cwd(), "absent.node")}): not there`]);
  });

  test.each([
    ["a program", "addon.js"],
    ["a program that calls itself an addon", "addon.node"],
    ["a link to a program", "link.node"],
    ["a folder with a program", "folder.node"],
    ["a package", "vitest"],
  ])("is no way to run JavaScript: %s", (_, name) => {
    const program = "globalThis.hasRun = true; module.exports = { version: '1.2.3', answer: [42] };";
    for (const file of ["addon.js", "addon.node"]) writeFileSync(join(folder, file), program);
    symlinkSync(join(folder, "addon.js"), join(folder, "link.node"));
    mkdirSync(join(folder, "folder.node"));
    writeFileSync(join(folder, "folder.node", "index.js"), program);
    const { tried } = refusal(name === "vitest" ? name : join(folder, name));
    expect(tried).toHaveLength(1);
    expect(tried[0]).toMatch(name === "vitest" ? /: not there$/ : /: did not load: /);
    expect("hasRun" in globalThis).toBe(false);
  });
});

const compiler = process.env.CC ?? "cc";
const canCompile = process.platform === "linux" && spawnSync(compiler, ["--version"]).status === 0;

describe.skipIf(!canCompile)("a compiled file", () => {
  /** What a small addon in C takes of Node-API. */
  const NODE_API = `#include <stddef.h>
    int napi_create_array(void*, void**), napi_set_named_property(void*, void*, const char*, void*);
    int napi_create_string_utf8(void*, const char*, size_t, void**);`;
  const ANSWER = `napi_create_array(env, &value), napi_set_named_property(env, exports, "answer", value);`;
  const versionOf = (version: string) =>
    `napi_create_string_utf8(env, "${version}", ${version.length}, &value), napi_set_named_property(env, exports, "version", value);`;

  /** An addon whose start runs `code`. */
  function compile(name: string, code: string): string {
    const [source, addon] = [join(made, `${name}.c`), join(made, `${name}.node`)];
    writeFileSync(source, `${NODE_API} void* napi_register_module_v1(void* env, void* exports) { void* value; ${code} return exports; }`);
    expect(spawnSync(compiler, ["-shared", "-fPIC", "-o", addon, source], { encoding: "utf8" }).stderr).toBe("");
    return addon;
  }

  test("is taken from the variable's path, from the platform's package where the build is of no use, and from a build", () => {
    const good = compile("good", ANSWER + versionOf("1.2.3"));
    expect(findAddon(search, good).version).toBe("1.2.3");
    expect(findAddon(search, relative(process.cwd(), good)).answer).toEqual([]);

    writePackage("thing", { name: "thing" });
    const build = join(folder, "thing", "build", "Release", "thing.node");
    mkdirSync(dirname(build), { recursive: true });
    writeFileSync(build, "no program");
    expect(refusal().tried[0]).toMatch(/^a build in this package .*: did not load: /);

    const name = `thing-${platformNames()[0]}`;
    writePackage(`node_modules/${name}`, { name, main: "thing.node" });
    const installed = join(folder, "node_modules", name, "thing.node");
    cpSync(good, installed);
    expect(findAddon(search, undefined).version).toBe("1.2.3");

    rmSync(installed);
    rmSync(build);
    cpSync(good, build);
    expect(findAddon(search, undefined).version).toBe("1.2.3");
  });

  test("is refused when it is another's, or of another version", () => {
    const reasonFor = (name: string, code: string) => refusal(compile(name, code)).tried[0]?.replace(/^.*?: /, "");
    expect(reasonFor("empty", "(void)value;")).toBe("it is no Dropwise addon");
    expect(reasonFor("other", versionOf("1.2.3"))).toBe("it is no addon of thing");
    expect(reasonFor("unversioned", ANSWER)).toBe("it belongs to thing of another version, not to 1.2.3");
    expect(reasonFor("old", ANSWER + versionOf("1.2.2"))).toBe("it belongs to thing 1.2.2, not to 1.2.3");
  });
});

test("the place of the package is where its own code says, by an address or a path; what is none is left out", () => {
  const placesOf = (own: AddonSearch<Addon>["own"]) => {
    try {
      findAddon({ ...search, own }, undefined);
    } catch (error) {
      return (error as Unavailable).tried.map((line) => /, from (.*?): /.exec(line)?.[1]);
    }
    throw new Error("expected a refusal");
  };
  const file = join(folder, "app.mjs");
  const none = () => {
    throw new ReferenceError("__filename is not defined");
  };
  expect(placesOf([() => `file://${file}`, none])).toEqual([file]);
  expect(placesOf([() => undefined, () => file])).toEqual([file]);
  expect(placesOf([() => `file://${file}`, () => file])).toEqual([file]);
  expect(placesOf([() => "https://example.org/app.mjs", () => "app.cjs"])).toEqual([]);
});
