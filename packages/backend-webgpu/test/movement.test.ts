import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, contents, data, expectClose, expectSame, noise, place } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const DTYPES = ["float32", "int32", "bool"] as const;

describe("copy", () => {
  test("moves between any strides on both sides and leaves what lies between", async () => {
    for (const dtype of DTYPES) {
      const value = dtype === "bool" ? (i: number) => i % 2 : (i: number) => i - 9;
      const x = data(dtype, [3, 2, 4], value, { strides: [1, 0, -3], offset: 20, length: 40 });
      const out = data(dtype, [3, 2, 4], () => 1, { strides: [2, 30, 7], offset: 3, length: 80 });
      const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.copy(a, o));
      expectSame(got, expected);
    }
  });

  test("turns matrices of all sizes around by tiles, in batches of any strides, with what lies between left as it was", async () => {
    for (const [rows, columns] of [
      [8, 8],
      [33, 32],
      [31, 65],
      [100, 9],
    ] as const) {
      const x = data("float32", [2, 3, rows, columns], noise(3), {
        strides: [-3 * rows * columns, rows * columns, 1, rows],
        offset: 3 * rows * columns,
        length: 6 * rows * columns,
      });
      const strides = [5000 * 4, 5000, columns + 3, 1];
      const [got, expected] = await both(gpu, [x, data("float32", x.shape, () => 7, { strides, offset: 5, length: 50_000 })], (b, a, o) =>
        b.copy(a, o),
      );
      expectSame(got, expected);
      const turned = data("int32", [columns, rows], (i) => i - 50, { strides: [1, columns], offset: 2, length: rows * columns + 2 });
      const [floats, expectedFloats] = await both(gpu, [turned, data("float32", [columns, rows], () => 0)], (b, a, o) => b.copy(a, o));
      expectSame(floats, expectedFloats);
    }
  });

  test("copies contiguous parts, also within one storage", async () => {
    const x = data("float32", [5], noise(1), { offset: 3, length: 30 });
    const [got, expected] = await both(gpu, [x, data("float32", [5], () => 0, { offset: 1, length: 9 })], (b, a, o) => b.copy(a, o));
    expectSame(got, expected);
    const [within, expectedWithin] = await both(gpu, [x], (b, a) => b.copy(a, { ...a, offset: 20 }));
    expectSame(within, expectedWithin);
  });

  test("converts as typed arrays do: truncation, wrap-around, NaN to 0 in int32 and to true in bool", async () => {
    const values = [
      0,
      -0,
      0.5,
      -0.9,
      1.9,
      -2.5,
      3e9,
      -3e9,
      1e20,
      -1e20,
      1e-40,
      16777217,
      2 ** 31,
      2 ** 32 + 5 * 2 ** 9,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ];
    const floats = data("float32", [values.length], values);
    const ints = data("int32", [7], [0, 1, -1, 16777217, 33554435, 2147483647, -2147483648]);
    const bools = data("bool", [3], [0, 1, 1]);
    for (const x of [floats, ints, bools]) {
      for (const dtype of DTYPES) {
        const [got, expected] = await both(gpu, [x, data(dtype, x.shape, () => 0)], (b, a, o) => b.copy(a, o));
        expectSame(got, expected);
      }
    }
  });

  test("keeps every bit of a float: signalling NaN, subnormals, -0", async () => {
    const bits = Uint32Array.from([0x7fa00001, 0xffc12345, 1, 0x80000000, 0x807fffff, 0x7f800000]);
    const x = place(gpu, { dtype: "float32", values: new Float32Array(bits.buffer), shape: [6], strides: [1], offset: 0 });
    const out = place(
      gpu,
      data("float32", [6], () => 0),
    );
    gpu.copy({ ...x, shape: [6], strides: [-1], offset: 5 }, out);
    const got = new Uint32Array((await contents(gpu, out)).buffer);
    expect([...got]).toEqual([...bits].reverse());
  });
});

describe("fill", () => {
  test("sets what it is asked to, in every dtype, and nothing else", async () => {
    for (const [dtype, value] of [
      ["float32", -0.1],
      ["float32", Number.NaN],
      ["float32", Number.NEGATIVE_INFINITY],
      ["int32", -5],
      ["bool", 1],
    ] as const) {
      const out = data(dtype, [2, 3], () => 1, { offset: 3, length: 12 });
      const [got, expected] = await both(gpu, [out], (b, o) => b.fill(o, value));
      expectSame(got, expected);
    }
  });
});

describe("gather and scatterAdd", () => {
  const along = 6;
  const index = data("int32", [2, 4, 3], (i) => (i * 7) % along, { strides: [12, 1, 4], length: 24 });

  test("gather picks along the middle in every dtype, with strided indices", async () => {
    for (const dtype of DTYPES) {
      const x = data(dtype, [2, along, 3], dtype === "bool" ? (i) => i % 2 : (i) => i * 3 - 7);
      const out = data(dtype, [2, 4, 3], () => 1, { offset: 1, length: 26 });
      const [got, expected] = await both(gpu, [x, index, out], (b, a, i, o) => b.gather(a, i, o));
      expectSame(got, expected);
    }
  });

  test("scatterAdd adds in the order of its indices, repeated ones too, bit for bit", async () => {
    for (const dtype of ["float32", "int32"] as const) {
      const x = data(dtype, [2, 50, 3], (i) => 10 * noise(3)(i));
      const many = data("int32", [2, 50, 3], (i) => (i * i) % along);
      const out = data(dtype, [2, along, 3], (i) => i, { offset: 2, length: 40 });
      const [got, expected] = await both(gpu, [many, x, out], (b, i, a, o) => b.scatterAdd(i, a, o));
      expectSame(got, expected);
    }
  });

  test("scatterAdd of more rows than one dispatch takes goes on where that ended", async () => {
    const count = 2 ** 16 + 10;
    const x = data("float32", [1, count, 1], noise(4));
    const indices = data("int32", [1, count, 1], (i) => i % 5);
    const [got, expected] = await both(gpu, [indices, x, data("float32", [1, 5, 1], () => 0)], (b, i, a, o) => b.scatterAdd(i, a, o));
    expectSame(got, expected);
  });

  test("an index outside gives NaN, or 0 for integers, and is skipped by scatterAdd", async () => {
    const bad = data("int32", [1, 3, 1], [-1, 1, along]);
    for (const [dtype, outside] of [
      ["float32", Number.NaN],
      ["int32", 0],
    ] as const) {
      const x = place(
        gpu,
        data(dtype, [1, along, 1], (i) => i + 1),
      );
      const out = place(
        gpu,
        data(dtype, [1, 3, 1], () => 9),
      );
      gpu.gather(x, place(gpu, bad), out);
      expectClose(await contents(gpu, out), [outside, 2, outside]);
      gpu.scatterAdd(
        place(gpu, bad),
        place(
          gpu,
          data(dtype, [1, 3, 1], () => 10),
        ),
        x,
      );
      expectClose(await contents(gpu, x), [1, 12, 3, 4, 5, 6]);
    }
  });
});

describe("empty operands", () => {
  test("are left alone by every family", async () => {
    const none = () => place(gpu, data("float32", [0], []));
    const [x, y, out] = [none(), none(), none()];
    gpu.unary("exp", x, out);
    gpu.binary("add", x, y, out);
    gpu.copy(x, out);
    gpu.fill(out, 1);
    expect(await contents(gpu, out)).toEqual(new Float32Array(0));
  });
});
