import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cpu } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { bytesOf, pathOf, plainNaN, tell, toldOf } from "../../test/files";
import { entry, file } from "../../test/made";
import { openSafetensors, readSafetensors, type Weight, WeightFileError, writeSafetensors } from "../index";

describe("readSafetensors", () => {
  test.each(["all-dtypes", "codes", "model"])("gives what PyTorch wrote in %s.safetensors, bit for bit", async (name) => {
    const weights = await readSafetensors(pathOf(`${name}.safetensors`));
    const { tensors } = toldOf(`${name}.json`);
    expect(Object.keys(weights).sort()).toEqual(Object.keys(tensors).sort());
    for (const [key, told] of Object.entries(tensors)) {
      expect({ key, ...tell(weights[key] as never) }).toEqual({ key, ...told, values: told.values.map(plainNaN) });
    }
  });

  test("holds names that objects have by themselves as any other, and nothing else", async () => {
    const weights = await readSafetensors(bytesOf("all-dtypes.safetensors"));
    expect(Object.getOwnPropertyDescriptor(weights, "__proto__")?.value.data[0]).toBe(1);
    expect((weights as Record<string, unknown>).constructor).toMatchObject({ shape: [1], data: new Float32Array([2]) });
    expect(weights.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).data).toBeUndefined();
  });

  test("copies a float32 that lies at an odd byte, and gives a view of one that does not", async () => {
    const odd = bytesOf("odd.safetensors");
    const weights = await readSafetensors(odd);
    expect([...((weights.odd as Weight).data as Float32Array)]).toEqual([1.5, -2]);
    expect(weights.flag?.data).toEqual(new Uint8Array([1]));
    const even = await writeSafetensors({ a: { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } });
    expect((await readSafetensors(even)).a?.data.buffer).toBe(even.buffer);
    // From an odd place in memory, all is copied.
    const moved = new Uint8Array(even.length + 1);
    moved.set(even, 1);
    expect((await readSafetensors(moved.subarray(1))).a?.data).toEqual(new Float32Array([1, 2]));
  });

  test("reads the tensors of `names`, in their order, and refuses others", async () => {
    const weights = await readSafetensors(pathToFileURL(pathOf("model.safetensors")), { names: ["2.bias", "0.bias", "2.bias"] });
    expect(Object.keys(weights)).toEqual(["2.bias", "0.bias"]);
    expect(await readSafetensors(bytesOf("model.safetensors"), { names: [] })).toEqual({});
    await expect(readSafetensors(bytesOf("model.safetensors"), { names: ["toString"] })).rejects.toThrow(
      new RangeError('readSafetensors: expected the name of a tensor of the file, got "toString" - see its names'),
    );
  });

  test("refuses by name what no array holds, and reads what lies beside it", async () => {
    const bytes = bytesOf("unheld.safetensors");
    await expect(readSafetensors(bytes)).rejects.toThrow('expected elements that an array can hold in "complex", got complex64');
    expect((await readSafetensors(bytes, { names: ["plain"] })).plain?.data).toEqual(new Float32Array([3]));
    const opened = await openSafetensors(bytes);
    expect(opened.names.map((name) => [name, opened.info(name).dtype, opened.info(name).bytes])).toEqual([
      ["complex", "complex64", 8],
      ["plain", "float32", 4],
      ["six", "float6_e3m2", 3],
      ["four", "float4_e2m1", 2],
    ]);
    await expect(opened.read("four")).rejects.toThrow('read: expected elements that an array can hold in "four", got float4_e2m1');
    await expect(opened.read("six")).rejects.toThrow(WeightFileError);
  });

  test("reads a file without tensors, and one with metadata alone", async () => {
    expect(await readSafetensors(file("{}"))).toEqual({});
    const opened = await openSafetensors(file('{"__metadata__":{"a":"1","__proto__":"2"}}   '));
    expect(opened.names).toEqual([]);
    expect(Object.entries(opened.metadata)).toEqual([
      ["a", "1"],
      ["__proto__", "2"],
    ]);
  });

  test("reads sizes of 0 in any place, and white space between all parts", async () => {
    const header = `{\n\t${entry("F32", " [ 0 , 9007199254740991 ] ", " [0 , 0] ")} , ${entry("I8", "[ ]", "[0,1]", "b")}\r\n} `;
    const weights = await readSafetensors(file(header, 1));
    expect(weights.a).toEqual({ shape: [0, 9007199254740991], dtype: "float32", data: new Float32Array(0) });
    expect(weights.b).toEqual({ shape: [], dtype: "int8", data: new Int8Array(1) });
  });

  test("refuses a bool that is neither 0 nor 1", async () => {
    await expect(readSafetensors(file(`{${entry("BOOL", "[2]", "[0,2]")}}`, new Uint8Array([1, 2])))).rejects.toThrow(
      'readSafetensors: expected bytes of 0 and 1 in "a", which is bool, got 2',
    );
  });
});

describe("openSafetensors", () => {
  test("reads tensors one by one, until it is closed", async () => {
    const opened = await openSafetensors(pathOf("model.safetensors"));
    expect(opened.metadata.format).toBe("pt");
    expect(opened.info("0.weight")).toEqual({ shape: [3, 4], dtype: "float32", bytes: 48 });
    const weights = await readSafetensors(pathOf("model.safetensors"));
    expect(await opened.read("0.weight")).toEqual(weights["0.weight"]);
    expect(() => opened.info("1.weight")).toThrow(
      new RangeError('info: expected the name of a tensor of the file, got "1.weight" - see its names'),
    );
    await opened.close();
    await opened.close();
    await expect(opened.read("0.weight")).rejects.toThrow("read: expected an open file");
  });

  test("reads tensors to where they are to live: floats below float32 as float32, int64 as int32, over many parts", async () => {
    const count = 700_001; // more than two parts, and no multiple of anything
    const data = Float32Array.from({ length: count }, (_, i) => i % 1000);
    const bytes = await writeSafetensors({
      wide: { shape: [count], dtype: "float32", data },
      half: { shape: [count], dtype: "bfloat16", data: data.map((value) => value % 128) },
      long: { shape: [2], dtype: "int64", data: new BigInt64Array([3n, -4n]) },
      huge: { shape: [1], dtype: "int64", data: new BigInt64Array([2n ** 40n]) },
      small: { shape: [1], dtype: "int8", data: new Int8Array([1]) },
      flag: { shape: [], dtype: "bool", data: new Uint8Array([1]) },
      none: { shape: [0, 2], dtype: "float32", data: new Float32Array(0) },
    });
    const path = join(mkdtempSync(join(tmpdir(), "dropwise-read-")), "a.safetensors");
    writeFileSync(path, bytes);
    const moved = new Uint8Array(bytes.length + 1);
    moved.set(bytes, 1);
    for (const source of [path, bytes, moved.subarray(1), new Blob([bytes as Uint8Array<ArrayBuffer>])]) {
      const opened = await openSafetensors(source);
      for (const name of ["wide", "half", "long", "flag", "none"]) {
        const x = await opened.readTensor(name, { backend: cpu });
        const { shape, data } = await opened.read(name);
        expect([x.shape, Array.from((await x.data()) as Float32Array)], name).toEqual([shape, Array.from(data as Float32Array, Number)]);
      }
      expect([(await opened.readTensor("half")).dtype, (await opened.readTensor("long")).dtype]).toEqual(["float32", "int32"]);
      expect((await opened.readTensor("wide", { requiresGrad: true })).requiresGrad).toBe(true);
      await expect(opened.readTensor("huge")).rejects.toThrow(RangeError);
      await expect(opened.readTensor("small")).rejects.toThrow(
        new TypeError('readTensor: expected a dtype that tensors have in "small", got "int8" - take its elements with read()'),
      );
      await expect(opened.readTensor("other")).rejects.toThrow(RangeError);
      await opened.close();
      await expect(opened.readTensor("wide")).rejects.toThrow("readTensor: expected an open file");
    }
  });
});
