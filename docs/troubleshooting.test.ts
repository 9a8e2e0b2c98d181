import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { linesOf } from "./testing/blocks.mjs";
import { exportsOfCore } from "./testing/exports";
import { anchorsOf } from "./testing/pages";

const { functional: F, nn, ones, optim, tensor, tidy } = core;
const page = "docs/troubleshooting.md";
const { names, membersOf } = exportsOfCore();
const errors = names.filter((name) => name.endsWith("Error"));

/** The rows of the tables below a heading ("" before the first), as their cells. */
function rowsBelow(wanted: string): string[][] {
  let heading = "";
  return linesOf(page).flatMap((line) => {
    heading = /^## (.*)/.exec(line)?.[1] ?? heading;
    if (heading !== wanted || !/^\| [`[]/.test(line)) return [];
    return [line.split(" | ").map((cell) => cell.replace(/^\|| \|$/g, "").trim())];
  });
}

/** The parts in backticks; `...` in one stands for anything. */
const codeIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);

describe("every error that core exports", () => {
  test.each(errors)("%s has a heading, and a row with its fields", (name) => {
    expect(anchorsOf(page)).toContain(name.toLowerCase());
    const row = rowsBelow("").find(([first]) => first?.includes(`[\`${name}\`](#${name.toLowerCase()})`));
    const fields = membersOf(name).filter((field) => !["name", "message", "stack", "cause"].includes(field));
    expect(codeIn(row?.[2] ?? "none").sort()).toEqual(fields.sort());
  });

  test("is found, and no other is named", () => {
    expect(errors.length).toBeGreaterThanOrEqual(8);
    const named = rowsBelow("").flatMap(([first]) => /^\[`(\w+)`\]/.exec(first as string)?.[1] ?? []);
    expect(named.filter((name) => !["TypeError", "RangeError"].includes(name)).sort()).toEqual([...errors].sort());
  });
});

const int32 = tensor(new Int32Array([0, 3]));
const logits = ones([2, 3]);
const model = new nn.Sequential(new nn.Linear(2, 2));

class Mapped extends nn.Module {
  layers = new Map([["a", model]]);
  forward(): void {}
}

/** What provokes each message of a table, in its order. */
const PROVOKED: Record<string, (() => unknown)[]> = {
  TypeError: [
    () => int32.exp(),
    () => F.dropout(int32),
    () => logits.sum(1 as never),
    () => ones([3]).mul([1, 2, 3] as never),
    () => F.crossEntropy(logits, tensor([true, false])),
    () => ones([4]).reshape(2 as never),
    () => new optim.SGD(model as never),
    () => tidy(async () => {}),
    () => ones([]).backward(),
    () => int32.sum().backward(),
    () => core.setDefaultBackend(Promise.resolve() as never),
    () => [...new Mapped().parameters()],
    () => (model as unknown as (x: unknown) => unknown)(logits),
  ],
  RangeError: [
    () => new nn.Dropout(50),
    () => F.crossEntropy(logits, int32),
    () => logits.sum({ dim: 2 }),
    () => new nn.Linear(2, 1).loadStateDict({ weight: new Float32Array(2) }),
    () => core.manualSeed(1.5),
    () => new optim.SGD([...model.parameters(), ...model.parameters()]),
    () => core.grad(ones([], { requiresGrad: true }), ones([], { requiresGrad: true })),
    () => int32.add(2 ** 40),
  ],
};

describe.each(Object.keys(PROVOKED))("messages of %s", (kind) => {
  const rows = rowsBelow(kind);
  const calls = PROVOKED[kind] ?? [];

  test("are all provoked here", () => {
    expect(rows).toHaveLength(calls.length);
  });

  test.each(rows.map(([first], i) => [codeIn(first as string)[0] as string, i] as const))("%s", (message, i) => {
    const error = thrownBy(calls[i] as () => unknown);
    expect(error.name).toBe(kind);
    const parts = message.split("...").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    expect(error.message).toMatch(new RegExp(`^${parts.join(".*")}`));
  });
});

test("what backends say where they are not available is in their sources", () => {
  // How the addon is looked for is written beside the package, for any variable.
  const search = sourceOf(join(root, "packages/addon/src")).replaceAll(`\${variable}`, "DROPWISE_NATIVE_PATH");
  const sources = ["native", "wasm", "webgpu"].map((name) => {
    const own = sourceOf(join(root, `packages/backend-${name}/src`));
    return [name, name === "native" ? own + search : own] as const;
  });
  const quoted = rowsBelow("BackendUnavailableError").flatMap(([first]) => {
    const [name] = /^\w+/.exec(codeIn(first as string)[0] as string) ?? [];
    return codeIn(first as string).flatMap((code) =>
      code
        .replace(/^\w+: /, "")
        .split("...")
        .map((part) => [name, part] as const),
    );
  });
  expect(quoted.length).toBeGreaterThan(8);
  const missing = quoted.filter(([name, part]) => !sources.some(([other, text]) => other === name && text.includes(part)));
  expect(missing).toEqual([]);
});

// --- internal helpers ---

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error, got none");
}

function sourceOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.ts$/.test(name));
  return files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
}
