import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { publicPackages } from "../scripts/release/packages.mjs";
import { readJson, root, workspacePackages } from "../scripts/workspace.mjs";

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

interface Locked extends Manifest {
  readonly version: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const lock = (folder: string) => (readJson(join(root, folder, "package-lock.json")) as { packages: Record<string, Locked> }).packages;
const ours = lock("");
const isOurs = (name: string) => name.startsWith("@dropwise/");

/** The rows of the table: package, where, licence. */
const rows = readFileSync(join(root, "docs/dependencies.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, name, where = "", why = "", licence = ""] = /^\| `(.+?)`\s*\| (.+?)\s*\| (.+?)\s*\| (.+?)\s*\|$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, where: where.split(", "), why, licence }];
  });

/** What every manifest of the repository names of others, in the table's words. */
function named(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const published = publicPackages().map(({ name }) => name);
  const manifests: [string, Manifest][] = [
    ["workspace", readJson(join(root, "package.json"))],
    ...workspacePackages().map(({ name, folder }): [string, Manifest] => [
      name.replace(/^@dropwise\/|^dropwise-/, ""),
      readJson(join(folder, "package.json")),
    ]),
    ["peers", readJson(join(root, "bench/peers/package.json"))],
  ];
  for (const [place, manifest] of manifests) {
    const {
      dependencies = {},
      devDependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = manifest;
    const isPublic = published.includes(manifest.name);
    const add = (name: string, words: string) => {
      const list = found.get(name) ?? [];
      // What is a peer or installed is there for development, too; one word for it is enough.
      if (!isOurs(name) && !list.some((entry) => entry.startsWith(`${place} (`))) found.set(name, [...list, words]);
    };
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) add(name, isPublic ? `${place} (installed)` : place);
    for (const name of Object.keys(peerDependencies)) {
      add(name, `${place} (${peerDependenciesMeta[name]?.optional === true ? "optional peer" : "peer"})`);
    }
    for (const name of Object.keys(devDependencies)) add(name, place);
  }
  return found;
}

describe("the table of dependencies", () => {
  test("has every package that a package.json names, where it names it, and no other", () => {
    const table = Object.fromEntries(rows.map(({ name, where }) => [name, [...where].sort()]));
    expect(table).toEqual(Object.fromEntries([...named()].map(([name, where]) => [name, where.sort()])));
  });

  test("has each once, in alphabetical order, with a reason", () => {
    const names = rows.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(rows.filter(({ why }) => why.length < 5)).toEqual([]);
  });

  test("has the licences that the lock files have", () => {
    const all = { ...lock("bench/peers"), ...ours };
    const licenceOf = (name: string) => Object.entries(all).find(([path]) => path.endsWith(`node_modules/${name}`))?.[1].license;
    expect(rows.map(({ name, licence }) => [name, licence])).toEqual(rows.map(({ name }) => [name, licenceOf(name)]));
  });
});

describe("what a user installs", () => {
  test("runs no script at installation", () => {
    const reached = publicPackages().flatMap(({ directory }) => [...installedWith(ours, directory)]);
    expect(reached).toContain("node_modules/vitest");
    expect(reached.filter((path) => ours[path]?.hasInstallScript)).toEqual([]);
  });

  test("would be found to run one", () => {
    const tainted = {
      "packages/a": { name: "a", version: "1.0.0", dependencies: { b: "1.0.0" } },
      "node_modules/b": { name: "b", version: "1.0.0", optionalDependencies: { c: "1.0.0" }, peerDependencies: { d: "1.0.0" } },
      "node_modules/b/node_modules/c": { name: "c", version: "1.0.0", hasInstallScript: true },
      "node_modules/d": { name: "d", version: "1.0.0" },
      "node_modules/e": { name: "e", version: "1.0.0", hasInstallScript: true },
    };
    expect([...installedWith(tainted, "packages/a")]).toEqual(["node_modules/b", "node_modules/b/node_modules/c", "node_modules/d"]);
  });

  test("may be joined by one optional peer that has a script, the one that the page tells of", () => {
    const optional = publicPackages().flatMap(({ manifest }) =>
      Object.keys(manifest.peerDependencies ?? {}).filter((name) => manifest.peerDependenciesMeta?.[name]?.optional === true),
    );
    expect(optional.filter((name) => ours[`node_modules/${name}`]?.hasInstallScript)).toEqual(["webgpu"]);
  });

  test("is nothing but core, where that is all that is asked for", () => {
    expect([...installedWith(ours, "packages/core")]).toEqual([]);
  });
});

// --- internal helpers ---

/** The paths in the lock file of all that npm installs with a package: dependencies, and peers that are not optional, of each in turn. */
function installedWith(packages: Record<string, Locked>, start: string): Set<string> {
  const paths = new Set<string>();
  const visit = (from: string) => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = packages[from] as Locked;
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const path = isOurs(name) ? undefined : resolve(packages, from, name);
      if (path === undefined || paths.has(path)) continue; // ours have a turn of their own
      paths.add(path);
      visit(path);
    }
  };
  visit(start);
  return paths;
}

/** Where Node would find a package; undefined for an optional one that the lock file lacks. */
function resolve(packages: Record<string, Locked>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}
