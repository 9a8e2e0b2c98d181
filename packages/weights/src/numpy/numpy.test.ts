import { nn, tensor } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { bytesOfFile } from "../../test/torch-files";
import { readNpy, readNpz, type Weight, WeightFileError, writeNpy, writeNpz } from "../index";

const values = [1, 2, 3, 4, 5, 0.5];
const float64: Weight = { shape: [2, 3], dtype: "float64", data: Float64Array.from(values) };

/** A file of version 1 with this header and these bytes. */
function npy(header: string, bytes: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8, ...text, ...bytes]);
}

describe("readNpy reads", () => {
  it.each<[string, Weight]>([
    ["float64.npy", float64],
    ["fortran.npy", float64],
    ["version-3.npy", float64],
    ["big-endian.npy", { shape: [2, 3], dtype: "float32", data: Float32Array.from(values) }],
    ["float16.npy", { shape: [2, 3], dtype: "float16", data: Float32Array.from(values) }],
    ["int64.npy", { shape: [2], dtype: "int64", data: BigInt64Array.from([-(2n ** 63n), 2n ** 63n - 1n]) }],
    ["uint8.npy", { shape: [], dtype: "uint8", data: Uint8Array.of(7) }],
    ["bool.npy", { shape: [2], dtype: "bool", data: Uint8Array.of(1, 0) }],
  ])("%s", async (file, weight) => {
    expect(await readNpy(bytesOfFile(file))).toEqual(weight);
    expect(await readNpy(await writeNpy(weight))).toEqual(weight);
  });

  it("headers as others write them", async () => {
    const file = npy(`{"shape":(2 ,) , "descr" : "=i1","fortran_order":False}  `, [1, 255]);
    expect(await readNpy(file)).toEqual({ shape: [2], dtype: "int8", data: Int8Array.of(1, -1) });
  });
});

describe("readNpy refuses", () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ["objects", "object.npy", /pickled, which is code/],
    ["text", "text.npy", /text has no place/],
    ["complex numbers", "complex.npy", /real and imaginary/],
    ["fields", "fields.npy", /each field/],
    ["dates", "date.npy", /numbers or bools/],
    ["other files", "stored.npz", /an array of NumPy/],
    ["none", new Uint8Array(0), /an array of NumPy/],
    [
      "fewer bytes than elements",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0]),
      /2 elements of 4 bytes, got 4 bytes/,
    ],
    ["more bytes than elements", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", [0, 0]), /1 elements of 1 bytes, got 2/],
    ["counts beyond all numbers", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740991, 4), }"), /a shape/],
    ["sizes below 0", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), /dict of descr/],
    ["a value twice", npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (0,), }"), /once/],
    ["other values", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), 'x': 1}"), /dict of descr/],
    ["code", npy("{'descr': '<f4', 'fortran_order': print(1), 'shape': (0,)}"), /dict of descr/],
    ["bools that are neither", npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", [2]), /bools of 0 and 1/],
    ["a header beyond the file", npy("{}").fill(255, 8, 10), /header within the file/],
    ["other versions", npy("{}").fill(4, 6, 7), /version 1 to 3/],
  ])("%s", async (_, file, message) => {
    const refusal = readNpy(typeof file === "string" ? bytesOfFile(file) : file);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toBeInstanceOf(WeightFileError);
  });
});

describe("readNpz", () => {
  it.each([
    ["stored.npz", BigInt64Array.of(0n, 1n, 2n), [3]],
    ["deflated.npz", new Float64Array(2500), [50, 50]],
  ])("reads %s", async (file, data, shape) => {
    expect(await readNpz(bytesOfFile(file))).toEqual({
      a: float64,
      b: { shape, dtype: data instanceof Float64Array ? "float64" : "int64", data },
    });
  });

  it("unpacks no more than it was asked to", async () => {
    await expect(readNpz(bytesOfFile("deflated.npz"), { maxBytes: 1000 })).rejects.toThrow(/at most 1000 bytes, got 20304/);
  });

  it("refuses bytes that are not those that were written", async () => {
    const file = bytesOfFile("stored.npz");
    const at = file.indexOf(0x3f, 128);
    file[at] = 0x40;
    await expect(readNpz(file)).rejects.toThrow(/as they were written/);
  });

  it("refuses entries that are no arrays", async () => {
    await expect(readNpz(bytesOfFile("model.pt"))).rejects.toThrow(/arrays, got an entry "model\/data.pkl"/);
  });

  it("reads what writeNpz wrote of a model", async () => {
    const state = new nn.Linear(2, 3).stateDict();
    const read = await readNpz(await writeNpz(state));
    expect(Object.keys(read)).toEqual(["weight", "bias"]);
    expect(read.weight?.data).toEqual(await state.weight?.data());
  });
});

describe("writeNpy", () => {
  it("begins the elements at a multiple of 64", async () => {
    for (const size of [0, 1, 10, 1000]) {
      const file = await writeNpy({ shape: [size], dtype: "uint8", data: new Uint8Array(size) });
      expect((file.length - size) % 64).toBe(0);
    }
  });

  it("refuses dtypes that NumPy does not have, and what is no tensor", async () => {
    await expect(writeNpy({ shape: [1], dtype: "bfloat16", data: new Float32Array(1) })).rejects.toThrow(/a dtype that NumPy has.*float32/);
    await expect(writeNpy(3 as never)).rejects.toThrow(/a tensor or \{ shape, dtype, data \} as the tensor, got 3/);
    await expect(writeNpz({ x: null } as never)).rejects.toThrow(/as "x", got null/);
    await expect(writeNpz([tensor([1])] as never)).rejects.toThrow(/an object of tensors/);
  });
});
