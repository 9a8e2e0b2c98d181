/** What a page has: no files, but Blobs, Responses and URLs. */
import { describe, expect, test } from "vitest";
import {
  readSafetensors,
  readSharded,
  describe as table,
  WeightFileError,
  type Weights,
  writeSafetensors,
  writeSafetensorsStream,
} from "../src/index";

const model = new URL("files/model.safetensors", import.meta.url);

const plain = (weights: Weights) =>
  Object.entries(weights).map(([name, { shape, data }]) => [name, shape, Array.from(data as Float32Array)]);

describe("in a page", () => {
  test("a URL, its Response, a Blob, a File and their bytes give the same tensors", async () => {
    const right = plain(await readSafetensors(model));
    expect(right.map(([name, shape]) => [name, shape])).toEqual([
      ["0.bias", [3]],
      ["0.weight", [3, 4]],
      ["2.bias", [2]],
      ["2.weight", [2, 3]],
    ]);
    const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
    const sources = [
      model.href,
      await fetch(model),
      new Blob([bytes]),
      new File([bytes], "a"),
      bytes,
      URL.createObjectURL(new Blob([bytes])),
    ];
    for (const source of sources) expect(plain(await readSafetensors(source))).toEqual(right);
    expect(await table(model)).toContain("4 tensors, 23 elements, 92 B (safetensors)");
  });

  test("memory that threads share is read", async () => {
    const bytes = await writeSafetensors({ a: { shape: [2], dtype: "float16", data: new Float32Array([1, 2]) } });
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    expect(plain(await readSafetensors(shared))).toEqual([["a", [2], [1, 2]]]);
  });

  test("files beside an index are found", async () => {
    const index = new URL("files/shards.safetensors.index.json", import.meta.url);
    const [whole, sharded] = [await readSafetensors(model), await readSharded(index)];
    for (const name of Object.keys(whole)) expect(sharded[name]).toEqual(whole[name]);
  });

  test("a path is refused, and a page that is none is no file", async () => {
    await expect(readSafetensors("model.safetensors")).rejects.toThrow("as there are no files here");
    await expect(readSafetensors(new URL("/none", import.meta.url))).rejects.toThrow(WeightFileError);
  });

  test("a stream of parts is a Blob in the end", async () => {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const state = { a: { shape: [3], dtype: "int8", data: new Int8Array([1, 2, 3]) } } as const;
    for await (const part of writeSafetensorsStream(state)) parts.push(part as Uint8Array<ArrayBuffer>);
    expect(plain(await readSafetensors(new Blob(parts)))).toEqual([["a", [3], [1, 2, 3]]]);
  });
});
