import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { allPages, anchorsOf, isIgnored, localLinksOf } from "./testing/pages";

describe("links between pages", () => {
  test.each(allPages())("of %s lead to files and headings that exist", (page) => {
    const broken = localLinksOf(page).filter(({ target }) => {
      const [path, anchor] = target.split("#") as [string, string?];
      const file = path === "" ? page : normalize(join(dirname(page), path));
      if (relative(root, join(root, file)).startsWith("..") || !existsSync(join(root, file)) || isIgnored(file)) return true;
      return anchor !== undefined && (statSync(join(root, file)).isDirectory() || !anchorsOf(file).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test("are found at all", () => {
    expect(localLinksOf("README.md").length).toBeGreaterThan(3);
  });
});
