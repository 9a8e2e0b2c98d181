import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { bytesOf, pathOf } from "../../test/files";
import { serving } from "../../test/range-server";
import { readSafetensors, readSharded, type Source, WeightFileError } from "../index";

const INDEX = "shards.safetensors.index.json";
const whole = await readSafetensors(bytesOf("model.safetensors"));
const folder = mkdtempSync(join(tmpdir(), "dropwise-weights-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("readSharded", () => {
  test.each<[string, Source]>([
    ["a path", pathOf(INDEX)],
    ["a file URL", pathToFileURL(pathOf(INDEX))],
    ["a file URL in text", String(pathToFileURL(pathOf(INDEX)))],
  ])("reads the files beside %s", async (_, index) => {
    expect(await readSharded(index)).toEqual(whole);
  });

  test("opens each file once, and only those that are needed, also from where `open` has them", async () => {
    const opened: string[] = [];
    const open = async (name: string) => {
      opened.push(name);
      return new Blob([bytesOf(name)]);
    };
    expect(await readSharded(bytesOf(INDEX), { open })).toEqual(whole);
    expect(opened).toEqual(["shards-00001-of-00002.safetensors", "shards-00002-of-00002.safetensors"]);
    opened.length = 0;
    expect(Object.keys(await readSharded(new Blob([bytesOf(INDEX)]), { open, names: ["2.weight"] }))).toEqual(["2.weight"]);
    expect(opened).toEqual(["shards-00002-of-00002.safetensors"]);
  });

  test("asks a server for the files beside the index, without the index's query", async () => {
    const paths: string[] = [];
    const answer = (request: { url?: string }, response: { end(bytes: Uint8Array): void }) => {
      paths.push(request.url as string);
      response.end(bytesOf((request.url as string).replace(/^\/folder\/|\?.*/g, "")));
      return true;
    };
    await serving(new Uint8Array(0), { answer: answer as never }, async (url) => {
      expect(await readSharded(new URL(`/folder/${INDEX}?download=true`, url))).toEqual(whole);
    });
    expect(paths).toEqual([
      `/folder/${INDEX}?download=true`,
      "/folder/shards-00001-of-00002.safetensors",
      "/folder/shards-00002-of-00002.safetensors",
    ]);
  });

  test("counts the bytes of all files, and ends at a signal", async () => {
    const read: number[] = [];
    await readSharded(pathOf(INDEX), { onProgress: (progress) => read.push(progress.read) });
    expect(read).toEqual([...read].sort((a, b) => a - b));
    expect(read.at(-1)).toBe(428);
    const reason = new Error("enough");
    const controller = new AbortController();
    const onProgress = () => controller.abort(reason);
    await expect(readSharded(pathOf(INDEX), { onProgress, signal: controller.signal })).rejects.toBe(reason);
  });

  const index = (map: unknown) => JSON.stringify({ weight_map: map });
  test.each([
    "../model.safetensors",
    "..",
    ".",
    "",
    "/etc/passwd",
    "sub/model.safetensors",
    "..\\model.safetensors",
    "C:model.safetensors",
    "http://example.org/a",
    "a\0",
    1,
    null,
  ])("refuses %o as the name of a file, and opens none", async (name) => {
    const open = () => expect.unreachable();
    const refused = expect(readSharded(new TextEncoder().encode(index({ w: name })), { open })).rejects;
    await refused.toThrow(WeightFileError);
    await refused.toThrow("readSharded: expected files beside the index, by their names alone");
  });

  test.each<[string, string, string]>([
    ["no JSON", "{", "an index in JSON"],
    ["an array", "[]", "an index with a weight_map"],
    ["null", "null", "an index with a weight_map"],
    ["no map", "{}", "an index with a weight_map"],
    ["an array as its map", index([]), "an index with a weight_map"],
    ["brackets without end", "[".repeat(100_000), "an index in JSON"],
    ["a tensor that its file does not have", index({ none: "model.safetensors" }), 'the tensor "none" of the index in "model.safetensors"'],
    ["a file that is not there", index({ none: "none.safetensors" }), "a file that can be read, got ENOENT"],
  ])("refuses %s as an index", async (_, text, says) => {
    writeFileSync(join(folder, "model.safetensors"), bytesOf("model.safetensors"));
    writeFileSync(join(folder, "a.index.json"), text);
    const refused = expect(readSharded(join(folder, "a.index.json"))).rejects;
    await refused.toThrow(WeightFileError);
    await refused.toThrow(says);
  });

  test("refuses wrong options, names that the index does not have, and bytes that lie nowhere", async () => {
    await expect(readSharded(pathOf(INDEX), { names: ["toString"] })).rejects.toThrow(RangeError);
    await expect(readSharded(pathOf(INDEX), { open: 1 } as never)).rejects.toThrow("readSharded: expected open to be a function, got 1");
    await expect(readSharded(pathOf(INDEX), { names: "a" } as never)).rejects.toThrow("readSharded: expected names as an array of strings");
    await expect(readSharded(bytesOf(INDEX))).rejects.toThrow("readSharded: expected a path or a URL of the index");
    await expect(readSharded(pathOf(INDEX), { open: () => 1 as never })).rejects.toThrow("readSharded: expected a path, a URL");
  });
});
