import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { root } from "../workspace.mjs";
import { missingComments } from "./comments.mjs";
import { compareReport } from "./compare.mjs";
import type { PublicPackage } from "./entries.mjs";
import { publicPackages } from "./entries.mjs";
import { programOf } from "./program.mjs";
import { reportsOf } from "./report.mjs";

// In the repository, where the types of Node are found.
mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build", "api-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A package with these sources, by path. Its list of what is met first is the WebAssembly backend's. */
function packageOf(sources: Record<string, string>): PublicPackage {
  const own = mkdtempSync(join(folder, "package-"));
  const files = {
    "package.json": JSON.stringify({ name: "@dropwise/backend-wasm", version: "1.0.0", types: "./src/index.ts" }),
    "tsconfig.json": JSON.stringify({ extends: join(root, "tsconfig.base.json"), include: ["src"] }),
    ...Object.fromEntries(Object.entries(sources).map(([path, code]) => [`src/${path}`, code])),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(own, path)), { recursive: true });
    writeFileSync(join(own, path), text);
  }
  return {
    name: "@dropwise/backend-wasm",
    folder: own,
    entries: [{ name: "@dropwise/backend-wasm", file: "index", source: join(own, "src/index.ts") }],
  };
}

const FIRST_MET = `
/**
 * Opens it.
 *
 * @param options None.
 * @throws Error never.
 * @example
 * \`\`\`ts
 * createWasmBackend();
 * \`\`\`
 */
export function createWasmBackend(options: object = {}): void {}
`;

/** The faults of a package whose entry point has this code beside what is met first. */
function faultsOf(code: string, firstMet = FIRST_MET, sources: Record<string, string> = {}): string[] {
  const pkg = packageOf({ "index.ts": code + firstMet, ...sources });
  return missingComments(pkg, programOf(pkg)).map((fault) => fault.replace(/^\S+ /, ""));
}

describe("comments of public symbols", () => {
  test("are complete when each parameter and option is explained", () => {
    const code = `
      /** Options. */
      export interface Options {
        /** Default: 1. */
        readonly a?: number;
      }
      /**
       * Adds \`x\`.
       * @param y Any.
       */
      export function add(x: number, y: number, options: Options, { z }: {
        /** Default: 2. */
        z?: number
      } = {}): void {}
      /** A thing. */
      export class Thing {
        /** Moves \`by\` so much. */
        move(by: number): void {}
        /** @internal */
        hidden(x: number): void {}
        #own(x: number): void {}
      }`;
    expect(faultsOf(code)).toEqual([]);
  });

  test("lack something when a parameter, also a method's or a base's, is not explained", () => {
    const code = `
      abstract class Base { /** Goes. */ go(far: number): void {} }
      /** A thing. */
      export class Thing extends Base { /** Moves. */ move(by: number): void {} }
      /** Adds. */
      export function add(x: number): void {}`;
    expect(faultsOf(code).sort()).toEqual([
      "Base.go: expected an explanation of far, got none - add @param far",
      "Thing.move: expected an explanation of by, got none - add @param by",
      "add: expected an explanation of x, got none - add @param x",
    ]);
  });

  test("lack something when an option that is named on the spot is not explained", () => {
    expect(faultsOf("/** Adds. */\nexport function add({ dim }: { dim?: number }): void {}")).toEqual([
      "add: expected an explanation of the option dim, got none",
    ]);
  });

  test("lack something when a function of functional, nn or optim has no link to what it mirrors", () => {
    const sources = {
      "nn.ts": "/** [torch](https://docs.pytorch.org). */\nexport function linked(): void {}\n/** It. */\nexport class Alone {}",
    };
    expect(faultsOf('export * as nn from "./nn";', FIRST_MET, sources)).toEqual(["nn.Alone: expected a link to what it mirrors, got none"]);
  });

  test("of what is met first lack an example, errors and parameters", () => {
    expect(faultsOf("", "/** Opens it by `options`. */\nexport function createWasmBackend(options: object): void {}")).toEqual([
      "createWasmBackend: expected an @example, got none",
      "createWasmBackend: expected @throws, got none",
      "createWasmBackend: expected @param options, got none",
    ]);
  });

  test("of what is met first are missed when it is no longer exported", () => {
    const faults = missingComments(...withProgram(packageOf({ "index.ts": "export {};" })));
    expect(faults).toEqual(['@dropwise/backend-wasm: expected "createWasmBackend" of the list of what is met first, got no such export']);
  });
});

describe("a report", () => {
  test("shows what namespaces hold, and leaves out what is internal", () => {
    const pkg = packageOf({
      "index.ts": '/** All. */\nexport * as nn from "./nn";',
      "nn.ts": "/** A layer. */\nexport class Layer {\n/** Its p. */\np = 0.5;\n/** @internal */\nsecret = 1;\n}",
    });
    const [report] = reportsOf(...withProgram(pkg));
    expect(report?.text).toMatch(/class Layer \{\n {4}p: number;\n\}/);
    expect(report?.findings).toEqual([]);
    expect(existsSync(join(pkg.folder, "build", "api"))).toBe(false);
  });

  test("tells of a type that cannot be imported and of a member without a comment", () => {
    const pkg = packageOf({ "index.ts": "interface Hidden { a: number }\n/** A layer. */\nexport interface Layer { options: Hidden }" });
    const [report] = reportsOf(...withProgram(pkg));
    expect(report?.findings.map(({ id }) => id)).toEqual(expect.arrayContaining(["ae-forgotten-export", "ae-undocumented"]));
  });

  test("is not made of types that are not there, which would be any", () => {
    const pkg = packageOf({ "index.ts": 'import type { Backend } from "@dropwise/absent";\n/** It. */\nexport type B = Backend;' });
    expect(() => programOf(pkg)).toThrow(/expected the types of "@dropwise\/absent", found none - run `npm run build` first/);
  });
});

describe("comparing a report", () => {
  const file = join(mkdtempSync(join(tmpdir(), "dropwise-report-")), "api", "index.api.md");
  afterAll(() => rmSync(dirname(dirname(file)), { recursive: true }));

  test("fails for a new one, until it is written", () => {
    expect(compareReport(file, "one\n", false)).toHaveLength(1);
    expect(existsSync(file)).toBe(false);
    expect(compareReport(file, "one\n", true)).toEqual([]);
    expect(compareReport(file, "one\n", false)).toEqual([]);
  });

  test("fails for a changed one, with the difference and what to do", () => {
    const [fault] = compareReport(file, "one\ntwo\n", false);
    expect(fault).toContain("run `npm run api -- --update` if the change is meant");
    expect(fault).toContain("\n+two\n");
    expect(readFileSync(file, "utf8")).toBe("one\n");
  });
});

describe("public packages", () => {
  test("have the source of each entry point with types", () => {
    const names = publicPackages().flatMap(({ entries }) => entries.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(["@dropwise/core", "@dropwise/core/backend", "@dropwise/conformance/reporter"]));
    expect(names.some((name) => name.includes("wasm/kernels"))).toBe(false);
  });
});

function withProgram(pkg: PublicPackage): [PublicPackage, ReturnType<typeof programOf>] {
  return [pkg, programOf(pkg)];
}
