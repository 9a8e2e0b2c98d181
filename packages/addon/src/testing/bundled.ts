/** How a package's addon is found from a bundle: the same tests for every package that has one. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { platformNames } from "../platform";

/** What is found by `loadAddon` of a package. */
export interface Found {
  /** The file with `loadAddon`. */
  readonly source: string;
  readonly packageName: string;
  readonly version: string;
  /** The addon that was built. */
  readonly build: string;
  readonly file: string;
  readonly variable: string;
  /** The name of the error where there is none. */
  readonly error: string;
}

/** Bundles programs that load the addon, in both formats, and runs them in a folder of their own. */
export function describeBundled({ source, packageName, version, build, file, variable, error }: Found): void {
  const folder = mkdtempSync(join(tmpdir(), "addon-bundled-"));
  beforeEach(() => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A package in the folder. */
  function writePackage(place: string, manifest: object): void {
    mkdirSync(join(folder, place), { recursive: true });
    writeFileSync(join(folder, place, "package.json"), JSON.stringify(manifest));
  }

  /** The package of this platform, with the addon that was built. */
  function writePlatformPackage(modules: string): void {
    const name = `${packageName}-${platformNames()[0]}`;
    writePackage(`${modules}/${name}`, { name, main: file });
    cpSync(build, join(folder, modules, name, file));
  }

  describe.each(["esm", "cjs"] as const)("in a bundle as %s", (format) => {
    const entry = `import { loadAddon } from ${JSON.stringify(source)};
      try { console.log(loadAddon().version); } catch (error) { console.log(error.name, error.tried); }`;

    /** What the program prints. */
    function runBundle(env: Record<string, string> = {}): string {
      const outfile = join(folder, "out", `app.${format === "esm" ? "mjs" : "cjs"}`);
      const logOverride = { "empty-import-meta": "silent" as const };
      const input = { contents: entry, resolveDir: dirname(source) };
      buildSync({ stdin: input, bundle: true, platform: "node", format, outfile, logLevel: "error", logOverride });
      const inherited = { ...process.env, [variable]: undefined };
      const ran = spawnSync(process.execPath, [outfile], { cwd: folder, encoding: "utf8", env: { ...inherited, ...env } });
      expect(ran.stderr).toBe("");
      return ran.stdout.trim();
    }

    test("it is the one of the platform's package that is installed for the bundle", () => {
      writePlatformPackage("node_modules");
      expect(runBundle()).toBe(version);
    });

    test("it is that of the package that is installed beside the bundle, however those are laid out", () => {
      const own = `node_modules/${packageName}`;
      writePackage(own, { name: packageName });
      writePlatformPackage(`${own}/node_modules`);
      expect(runBundle()).toBe(version);
    });

    test("it is none from another project's build folder", () => {
      mkdirSync(join(folder, "build", "Release"), { recursive: true });
      cpSync(build, join(folder, "build", "Release", file));
      writePackage(".", { name: "other" });
      expect(runBundle()).toMatch(new RegExp(`^${error} \\[\\s+['"\`]the package`));
      expect(runBundle({ [variable]: `build/Release/${file}` })).toBe(version);
    });
  });
}
