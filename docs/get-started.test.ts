import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readJson, root } from "../scripts/workspace.mjs";
import { findChromium } from "../vitest.chromium.mjs";
import { type Block, blocksOf, fileNameOf } from "./testing/blocks.mjs";
import { bundle } from "./testing/run-block";
import { ISOLATED, runHtml } from "./testing/run-html";

const page = "docs/get-started.md";
const text = readFileSync(join(root, page), "utf8");
const blocks = blocksOf(page);
const chromium = findChromium();

/** The one block that a test is about. */
function blockWith(language: string, part: string): Block {
  const found = blocks.filter((block) => block.language === language && block.code.includes(part));
  if (found.length !== 1) throw new Error(`${page}: expected one ${language} block with ${part}, got ${found.length}`);
  return found[0] as Block;
}

describe("get started", () => {
  test("trains in eleven lines, between the import and what is printed", () => {
    const lines = (blocks[0] as Block).code.split("\n").filter((line) => line !== "" && !line.startsWith("//"));
    expect(lines[0]).toMatch(/^import /);
    expect(lines.at(-1)).toMatch(/^console\.log/);
    expect(lines.length - 2).toBe(11);
  });

  test("names the major version that is current", () => {
    const { version } = readJson(join(root, "packages/core/package.json")) as { version: string };
    const majors = [...text.matchAll(/@dropwise\/[\w-]+@(\d+)/g)].map(([, major]) => major);
    expect(majors.length).toBeGreaterThan(2);
    expect(new Set(majors)).toEqual(new Set([version.split(".")[0]]));
  });

  test("has the headers that the tests here isolate pages with", () => {
    for (const [name, value] of Object.entries(ISOLATED)) expect(text).toContain(`${name}: ${value}\n`);
  });

  test("answers a request in the program for Cloudflare", async () => {
    const code = await bundle(blockWith("js", "async fetch()"));
    const { default: worker } = (await import(
      /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`
    )) as {
      default: { fetch(): Promise<Response> };
    };
    expect(await (await worker.fetch()).text()).toBe("Tensor([0, 2, 2, 2, 2, 2, 2, 0], [8], float32, wasm)");
  });

  test("names every file but once", () => {
    const names = blocks.map(fileNameOf).filter((name) => name !== undefined);
    expect(new Set(names).size).toBe(names.length);
  });

  describe.skipIf(chromium === undefined)("in Chromium, with the import map of the page without a bundler", () => {
    const plain = blockWith("html", "importmap");
    const open = (program: string, headers: Record<string, string>) => {
      const code = plain.code.replace(/<script type="module">[\s\S]*/, `<script type="module">${program}</script>`);
      return runHtml(chromium as string, { ...plain, code }, headers);
    };
    const wasm = 'import { createWasmBackend } from "@dropwise/backend-wasm";\n';
    const threads = `${wasm}const { info } = await createWasmBackend({ threads: 2 });\nconsole.log(info.threads); // 1 or 2`;

    test("an isolated page has threads, any other has one", async () => {
      expect(await open(threads, ISOLATED)).toEqual(["2"]);
      expect(await open(threads, {})).toEqual(["1"]);
    });

    // What lies on another host, and scripts in the page itself, must be allowed for these tests alone.
    const policy = (more: string) => ({
      "Content-Security-Policy": `default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net ${more}`,
    });

    test("a content security policy needs nothing for core", async () => {
      const core = 'import { ones } from "@dropwise/core";\nconsole.log(ones([2]).sum().itemSync()); // 2';
      expect(await open(core, policy(""))).toEqual(["2"]);
    });

    test("a content security policy needs nothing for webgpu", async () => {
      expect(await runHtml(chromium as string, blockWith("html", "createWebGPUBackend"), policy(""))).toEqual(["0 2 2 2 2 2 2 0"]);
    });

    test("a content security policy needs wasm-unsafe-eval for wasm, and blob: for its threads", async () => {
      expect(await open(threads, { ...ISOLATED, ...policy("'wasm-unsafe-eval'; worker-src blob:") })).toEqual(["2"]);
      const refused = `${wasm}await createWasmBackend().catch(({ name }) => console.log(name)); // the error`;
      expect(await open(refused, policy(""))).toEqual(["BackendUnavailableError"]);
    });
  });
});
