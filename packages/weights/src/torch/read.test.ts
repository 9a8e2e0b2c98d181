import { describe, expect, it } from "vitest";
import { bytesOfFile, expected, toldOf } from "../../test/torch-files";
import { readTorch, type TorchValue, type Weight, WeightFileError, writeTorch } from "../index";

const told = (state: Readonly<Record<string, Weight>>) =>
  Object.fromEntries(Object.entries(state).map(([name, weight]) => [name, toldOf(weight)]));

describe("readTorch reads", () => {
  it.each([
    ["dtypes.pt", "dtypes"],
    ["dtypes-legacy.pt", "dtypes"],
    ["views.pt", "views"],
    ["views-legacy.pt", "views"],
    ["model.pt", "model"],
    ["model-4.pt", "model"],
  ])("%s as torch holds it", async (file, name) => {
    expect(told(await readTorch(bytesOfFile(file)))).toEqual(expected[name]);
  });

  it("the dtypes of the file", async () => {
    const state = await readTorch(bytesOfFile("dtypes.pt"));
    for (const [name, { dtype, data }] of Object.entries(state)) {
      const word = name.split(" ")[0] as string;
      expect(dtype).toBe(word);
      if (word.startsWith("int64")) expect(data).toBeInstanceOf(BigInt64Array);
    }
  });

  it("plain values as JavaScript has them", async () => {
    const { model, scheduler, ...plain } = (await readTorch<TorchValue>(bytesOfFile("checkpoint.pt"))) as Record<string, TorchValue>;
    expect(plain).toEqual({
      epoch: 3,
      best: 0.25,
      name: "käse",
      done: false,
      nothing: null,
      big: 2n ** 70n,
      negative: -5,
      large: 2 ** 40,
      betas: [0.9, 0.999],
      bytes: new Uint8Array([97, 0, 255]),
      size: [2, 3],
      dtype: "torch.float32",
      device: "cuda:1",
      ["__proto__"]: { polluted: true },
      places: new Map([
        [0, "zero"],
        [1, "one"],
      ]),
    });
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
    expect(told(model as Record<string, Weight>)).toEqual(expected.model);
    expect((scheduler as Record<string, TorchValue>).milestones).toEqual(new Map([[3, 1], [5, 1]])); // biome-ignore format: short
  });

  it("tensors that share memory as arrays that do", async () => {
    const { a, b } = await readTorch(bytesOfFile("tied.pt"));
    expect(a?.data.buffer).toBe(b?.data.buffer);
    const { whole, part } = await readTorch(bytesOfFile("views.pt"));
    expect(part?.data.buffer).toBe(whole?.data.buffer);
  });
});

describe("readTorch refuses by name", () => {
  it.each([
    ["module.pt", /torch\.nn\.modules\.container\.Sequential.*save its state_dict\(\)/],
    ["sparse.pt", /_rebuild_sparse_tensor.*to_dense/],
    ["quantized.pt", /_rebuild_qtensor.*dequantize/],
    ["complex.pt", /torch\.ComplexFloatStorage.*view_as_real/],
    ["numpy-scalar.pt", /numpy.*scalar.*plain tensors/],
  ])("what %s holds", async (file, message) => {
    const refusal = readTorch(bytesOfFile(file));
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toBeInstanceOf(WeightFileError);
  });
});

describe("readTorch asks a source", () => {
  const slices: number[] = [];
  /** A Blob that tells which parts are asked for. */
  const blobOf = (bytes: Uint8Array<ArrayBuffer>) => {
    const blob = new Blob([bytes]);
    slices.length = 0;
    return {
      size: blob.size,
      arrayBuffer: () => blob.arrayBuffer(),
      slice(start: number, end: number) {
        slices.push(end - start);
        return blob.slice(start, end);
      },
    };
  };

  it.each(["dtypes.pt", "dtypes-legacy.pt"])("for a few parts of %s, however many storages it has", async (file) => {
    const bytes = bytesOfFile(file);
    expect(await readTorch(blobOf(bytes))).toEqual(await readTorch(bytes));
    expect(Math.max(...slices)).toBeLessThanOrEqual(bytes.length);
    // The form before has a length in front of each storage.
    expect(slices.length).toBeLessThan(file === "dtypes.pt" ? 6 : 30);
  });

  it("for large storages one by one, and never twice", async () => {
    const parts = Array.from({ length: 5 }, (_, i) => new Float32Array(2 ** 20 * (i + 1)).fill(i));
    const file = await writeTorch(Object.fromEntries(parts.map((data, i) => [`p${i}`, { shape: [data.length], dtype: "float32", data }])));
    const read = await readTorch(blobOf(file));
    expect(parts.map((_, i) => read[`p${i}`]?.data.at(-1))).toEqual([0, 1, 2, 3, 4]);
    expect(slices.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.5 * file.length);
  });

  it("to tell how far it is, and to end when it is told to", async () => {
    const bytes = bytesOfFile("model.pt");
    const seen: number[] = [];
    await readTorch(bytes, { onProgress: ({ read }) => seen.push(read) });
    expect(seen.length).toBeGreaterThan(1);
    await expect(readTorch(bytes, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
