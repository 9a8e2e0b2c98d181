import { nn, tensor } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { bytesOfFile } from "../../test/torch-files";
import { readTorch, type TorchValue, type WritableTorch, writeTorch } from "../index";

const back = async (value: WritableTorch) => readTorch<TorchValue>(await writeTorch(value));
const weight = { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } as const;

describe("writeTorch writes", () => {
  it.each(["dtypes.pt", "views.pt", "model.pt", "checkpoint.pt", "tied.pt"])(
    "what was read of %s so that it reads the same",
    async (file) => {
      const value = await readTorch<TorchValue>(bytesOfFile(file));
      expect(await back(value as WritableTorch)).toEqual(value);
    },
  );

  it.each([
    0,
    -0,
    1,
    255,
    256,
    -1,
    -128,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    0.1,
    Number.NaN,
    -Infinity,
  ])("the number %s", async (number) => expect(await back([number])).toEqual([number]));

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 2039n - 1n, -(2n ** 2039n)])(
    "the integer %s",
    async (integer) => expect(await back([integer])).toEqual([integer]),
  );

  it("strings, lists, bytes, and dicts whose keys are no strings", async () => {
    const map = new Map<unknown, WritableTorch>([
      [0, "zero"],
      [1.5, [null, true, false]],
      [null, new Uint8Array([0, 128, 255])],
      ["\u{1f600}", "\ufeffä\0"],
      [true, {}],
    ]);
    expect(await back({ map, ["__proto__"]: [[]] })).toEqual({ map, ["__proto__"]: [[]] });
  });

  it("a model's state dict, by the elements of its tensors", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
    const state = model.stateDict();
    const read = await readTorch(await writeTorch(state));
    expect(Object.keys(read)).toEqual(Object.keys(state));
    for (const [name, { shape, data, dtype }] of Object.entries(read)) {
      const own = state[name];
      expect([[...shape], dtype, data]).toEqual([[...(own?.shape ?? [])], own?.dtype, await own?.data()]);
    }
  });

  it("elements in row-major order of a tensor that is transposed", async () => {
    using x = tensor([
      [1, 2],
      [3, 4],
    ]);
    using y = x.transpose(0, 1);
    expect((await readTorch(await writeTorch({ y }))).y?.data).toEqual(new Float32Array([1, 3, 2, 4]));
  });

  it("one memory once, whichever names it has", async () => {
    const data = new Float32Array(1000);
    const one = { shape: [1000], dtype: "float32", data } as const;
    const alone = await writeTorch({ one });
    const tied = await writeTorch({ one, two: one, three: { ...one, shape: [10, 100], data: data.subarray() } });
    expect(tied.length).toBeLessThan(alone.length + 1000);
    const { one: a, three } = await readTorch(tied);
    expect(a?.data.buffer).toBe(three?.data.buffer);
    using x = tensor([1, 2, 3]);
    const { first, second } = await readTorch(await writeTorch({ first: x, second: x }));
    expect(first?.data.buffer).toBe(second?.data.buffer);
  });

  it("what float16 and bfloat16 hold, and rounds to them when asked", async () => {
    const given = (data: number[]) => ({ w: { shape: [data.length], dtype: "bfloat16" as const, data: new Float32Array(data) } });
    await expect(writeTorch(given([1, 1.001]))).rejects.toThrow(/bfloat16 holds in value\["w"\].*round: true/);
    expect(((await readTorch(await writeTorch(given([1, 1.001]), { round: true }))).w as { data: unknown }).data).toEqual(
      new Float32Array([1, 1]),
    );
  });
});

describe("writeTorch refuses", () => {
  const cycle: Record<string, WritableTorch> = {};
  cycle.self = cycle;
  it.each<[string, unknown, RegExp]>([
    ["undefined", { a: { b: undefined } }, /value\["a"\]\["b"\], got undefined/],
    ["functions", () => 1, /as value, got a function/],
    ["instances", [new Date(0)], /as value\[0\], got a value of type Date/],
    ["bare typed arrays", { a: new Float32Array(2) }, /\{ shape, dtype, data \} for a tensor/],
    ["cycles", cycle, /at most 100 deep.*cycle/],
    ["halves of surrogate pairs", "\ud800", /surrogate/],
    ["integers that no pickle has room for", 2n ** 2040n, /255 bytes/],
    ["keys that are objects", new Map([[{}, 1]]), /keys/],
    ["elements other than the shape's", { a: { ...weight, shape: [3] } }, /3 elements for value\["a"\], got 2/],
    ["elements other than the dtype's", { a: { ...weight, dtype: "float64" } }, /as a Float64Array/],
    ["sizes that are none", { a: { ...weight, shape: [-2] } }, /a shape for value\["a"\]/],
    ["dtypes that are none", { a: { ...weight, dtype: "float128" } }, /a dtype for value\["a"\]/],
    ["bools that are neither", { a: { shape: [1], dtype: "bool", data: new Uint8Array([2]) } }, /true is 1/],
  ])("%s", async (_, value, message) => {
    await expect(writeTorch(value as WritableTorch)).rejects.toThrow(message);
  });

  it("options that are not there", async () => {
    await expect(writeTorch(weight, { rounds: true } as never)).rejects.toThrow(/writeTorch: expected the options round, got "rounds"/);
  });
});
