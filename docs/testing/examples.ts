/** The `@example` blocks of the public packages' sources, as programs. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as core from "@dropwise/core";
import * as streams from "@dropwise/core/streams";
import * as train from "@dropwise/core/train";
import * as distributed from "@dropwise/distributed";
import * as weights from "@dropwise/weights";
import { leftOut, root, workspacePackages } from "../../scripts/workspace.mjs";
import type { Block } from "./blocks.mjs";

/** Where each name that an example may use comes from; `F` is written out in the reference, too. */
const ORIGINS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(core).map((name) => [name, "@dropwise/core"])),
  ...Object.fromEntries(Object.keys(train).map((name) => [name, "@dropwise/core/train"])),
  ...Object.fromEntries(Object.keys(streams).map((name) => [name, "@dropwise/core/streams"])),
  ...Object.fromEntries(Object.keys(weights).map((name) => [name, "@dropwise/weights"])),
  ...Object.fromEntries(Object.keys(distributed).map((name) => [name, "@dropwise/distributed"])),
  "functional as F": "@dropwise/core",
  "type Tensor": "@dropwise/core",
  tensorOfParts: "@dropwise/core/backend",
  createNativeBackend: "@dropwise/backend-native",
  createWasmBackend: "@dropwise/backend-wasm",
  createWebGPUBackend: "@dropwise/backend-webgpu",
  connect: "@dropwise/distributed",
  dataParallel: "@dropwise/distributed",
  DistributedSampler: "@dropwise/distributed",
  describeBackend: "@dropwise/conformance",
};

/** All examples of the packages that this machine can build, each with the imports that the reference leaves out in its first line. */
export function allExamples(): Block[] {
  const folders = workspacePackages().flatMap((pkg) =>
    pkg.manifest.private === true || leftOut(pkg) !== undefined ? [] : [join(pkg.folder, "src")],
  );
  return folders.flatMap(sourcesIn).flatMap(examplesOf);
}

/** The examples of one source file. */
export function examplesOf(file: string): Block[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, i) => {
    if (!/^\s*\* @example$/.test(line) || !/^\s*\* ```ts$/.test(lines[i + 1] ?? "")) return [];
    const end = lines.findIndex((later, j) => j > i + 1 && /^\s*\* ```$/.test(later));
    const place = `${relative(root, file)}:${i + 3}`;
    if (end === -1) throw new Error(`${place}: expected a closing fence, got the end of the file`);
    const code = lines.slice(i + 2, end).map((text) => text.replace(/^\s*\* ?/, ""));
    return [{ place, language: "ts", code: importsFor(code.join("\n")) + code.join("\n") }];
  });
}

// --- internal helpers ---

/** In one line with the first one of the code, so that lines keep their numbers. */
function importsFor(code: string): string {
  const used = Object.entries(ORIGINS).filter(([name]) => new RegExp(`(?<![.\\w])${name.split(" ").at(-1)}\\b`).test(code));
  return used.map(([name, from]) => `import { ${name} } from "${from}"; `).join("");
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
    .sort()
    .map((name) => join(folder, name));
}
