import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { root } from "../workspace.mjs";
import { checkLinks } from "./links.mjs";
import { writePages } from "./pages.mjs";

const folder = mkdtempSync(join(tmpdir(), "dropwise-site-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the pages of the site", () => {
  const staged = join(folder, "pages");
  const { readme, documents, addresses } = writePages(staged);
  const guides = readFileSync(join(staged, "guides.md"), "utf8");

  test("are the front page and the parts of the navigation", () => {
    expect(readFileSync(readme, "utf8")).toMatch(/^PyTorch's dropout/);
    expect(documents.map((file) => basename(file))).toEqual(["guides.md", "packages.md", "programs.md", "project.md", "files.md"]);
  });

  test("have every page of docs/ as a guide, in a reader's order, with those that are new last", () => {
    const children = [...guides.matchAll(/"\.\/docs\/(.*)\.md"/g)].map(([, name]) => name);
    expect([...children].sort()).toEqual(
      readdirSync(join(root, "docs"))
        .filter((name) => name.endsWith(".md"))
        .map((name) => basename(name, ".md"))
        .sort(),
    );
    expect(children.indexOf("dropout")).toBeLessThan(children.indexOf("write-a-backend"));
  });

  test("have addresses of their own, none of which begins with a dot", () => {
    const all = [...addresses.values()];
    expect(new Set(all).size).toBe(all.length);
    expect(addresses.get("Packages.@dropwise/core")).toBe("packages/core");
    expect(all.filter((address) => address.split("/").some((part) => part.startsWith(".")))).toEqual([]);
  });

  test("lead to pages made of the files that they link to, and to no folders", () => {
    const dropout = readFileSync(join(staged, "docs/dropout.md"), "utf8");
    expect(dropout).toContain("(../apps/quickstart/src/programs/1-module.ts.md)");
    expect(readFileSync(join(staged, "apps/quickstart/src/programs/1-module.ts.md"), "utf8")).toContain("````ts\n");
    const targets = [...readFileSync(join(staged, "docs/random-stream.md"), "utf8").matchAll(/\]\(([^)#:\s]+)/g)].map(
      ([, path]) => path as string,
    );
    expect(targets.filter((path) => !existsSync(join(staged, "docs", path)))).toEqual([]);
  });

  test("have the pictures that they show beside them, as they are", () => {
    const pictures = [...readFileSync(join(staged, "docs/dropout-family.md"), "utf8").matchAll(/!\[[^\]]*\]\((masks\/[^)]+)\)/g)];
    expect(pictures.length).toBeGreaterThan(15);
    for (const [, picture] of pictures) {
      expect(readFileSync(join(staged, "docs", picture as string))).toEqual(readFileSync(join(root, "docs", picture as string)));
    }
  });
});

describe("links of the site", () => {
  /** Checks a site of these pages. */
  async function checked(pages: Record<string, string>) {
    const site = mkdtempSync(join(folder, "site-"));
    for (const [path, body] of Object.entries({ "playground/index.html": "", ...pages })) {
      mkdirSync(dirname(join(site, path)), { recursive: true });
      writeFileSync(join(site, path), `<!doctype html><html><body>${body}</body></html>`);
    }
    return checkLinks(site);
  }

  test("are all right when they lead to pages and headings, and other sites are left alone", async () => {
    const { checked: count, broken } = await checked({
      "index.html": '<a href="a/b.html#there">b</a> <a href="https://example.invalid/">elsewhere</a>',
      "a/b.html": '<h2 id="there">There</h2> <a href="../index.html">up</a>',
    });
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(3);
  });

  test("are broken when a page or a heading is missing, also behind another page", async () => {
    const { broken } = await checked({
      "index.html": '<a href="a/b.html">b</a>',
      "a/b.html": '<a href="gone.html">x</a> <a href="../index.html#gone">y</a>',
    });
    expect(broken).toEqual(expect.arrayContaining([expect.stringContaining("a/gone.html"), expect.stringContaining("index.html#gone")]));
  });
});
