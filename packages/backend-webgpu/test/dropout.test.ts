import { type DropoutSpec, scaleOf, thresholdOf } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { masks } from "../../core/goldens/masks.json";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, contents, contiguousStrides, data, expectSame, noise, place, sizeOf } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const low = (value: string) => Number(BigInt(value) & 0xffffffffn);
const high = (value: string) => Number(BigInt(value) >> 32n);

/** Plain dropout of n elements; `change` makes it something else. */
function spec(n: number, p: number, change: Partial<DropoutSpec> = {}): DropoutSpec {
  return {
    seedLo: 0xdeadbeef,
    seedHi: 0x01234567,
    callLo: 5,
    callHi: 0,
    elementOffset: 0,
    threshold: thresholdOf(p),
    keepScale: scaleOf(p),
    keepShift: 0,
    dropValue: 0,
    shape: [n],
    maskStrides: [1],
    ...change,
  };
}

describe("golden masks", () => {
  test.each(masks.map((mask) => [`seed ${mask.seed}, call ${mask.call}, n ${mask.n}, p ${mask.p}`, mask] as const))(
    "%s",
    async (_name, mask) => {
      const { n, p, seed, call } = mask;
      const key = { seedLo: low(seed), seedHi: high(seed), callLo: low(call), callHi: high(call) };
      const one = place(gpu, data("float32", [1], [1]));
      const out = place(
        gpu,
        data("float32", [n], () => 7),
      );
      gpu.dropout(spec(n, p, { ...key, keepScale: 1 }), { ...one, shape: [n], strides: [0] }, out);
      const kept = Uint8Array.from(await contents(gpu, out), Number);
      expect(kept.subarray(0, mask.first.length).join("")).toBe(mask.first);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", kept));
      expect([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(mask.sha256);
      expect(kept.reduce((count, bit) => count + bit, 0)).toBe(mask.kept);
    },
  );
});

describe("the affine select is that of the reference, bit for bit", () => {
  const N = [1, 3, 4, 5, 64, 255, 1000, 4099];

  test.each(N)("for %i elements: out of place, in place, and from one value for all", async (n) => {
    const x = data("float32", [n], noise(1));
    const out = data("float32", [n], () => 5);
    for (const change of [{}, { keepShift: 0.25, dropValue: -1.5, keepScale: Math.fround(0.87) }]) {
      const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.dropout(spec(n, 0.3, change), a, o));
      expectSame(got, expected);
      const [inPlace, expectedInPlace] = await both(gpu, [x], (b, a) => b.dropout(spec(n, 0.3, change), a, a));
      expectSame(inPlace, expectedInPlace);
      const [one, expectedOne] = await both(gpu, [data("float32", [n], [2, 3], { strides: [0], offset: 1 }), out], (b, a, o) =>
        b.dropout(spec(n, 0.3, change), a, o),
      );
      expectSame(one, expectedOne);
    }
  });

  test("for every residue of the element offset and of the data's own offsets, neighbours untouched", async () => {
    for (let residue = 0; residue < 4; residue++) {
      for (let offset = 0; offset < 4; offset++) {
        const x = data("float32", [37], noise(2), { offset, length: 48 });
        const out = data("float32", [37], () => 5, { offset: (offset * 3) % 4, length: 48 });
        const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.dropout(spec(37, 0.5, { elementOffset: 400 + residue }), a, o));
        expectSame(got, expected);
        const [inPlace, expectedInPlace] = await both(gpu, [x], (b, a) => b.dropout(spec(37, 0.5, { elementOffset: residue }), a, a));
        expectSame(inPlace, expectedInPlace);
      }
    }
  });

  test("for indices that pass 2^32 elements, 2^32 blocks, and reach 2^53", async () => {
    for (const elementOffset of [
      2 ** 32 - 8,
      2 ** 32 - 7,
      2 ** 34 - 8,
      2 ** 34 - 5,
      2 ** 34 + 3,
      2 ** 40 + 1,
      2 ** 53 - 16,
      2 ** 53 - 19,
    ]) {
      const x = data("float32", [16], () => 1);
      const change = { elementOffset, callLo: 0xffffffff, callHi: 0x3fffffff };
      const [got, expected] = await both(gpu, [x, x], (b, a, o) => b.dropout(spec(16, 0.5, change), a, o));
      expectSame(got, expected);
      const shared = { ...change, shape: [2, 8], maskStrides: [1, 0] };
      const [feature, expectedFeature] = await both(gpu, [x, x], (b, a, o) => b.dropout(spec(16, 0.5, shared), a, o));
      expectSame(feature, expectedFeature);
    }
  });

  test.each([
    ["channels", [6, 10], [1, 0]],
    ["a column repeated", [6, 10], [0, 1]],
    ["one mask element for all", [60], [0]],
    ["batches that share", [3, 5, 4], [0, 4, 1]],
    ["inner dimensions that share", [2, 3, 2, 5], [3, 1, 0, 0]],
    ["every other dimension", [2, 3, 2, 5, 3], [15, 0, 5, 0, 1]],
  ] as const)("for a mask that is broadcast: %s", async (_name, shape, maskStrides) => {
    const n = sizeOf(shape);
    const x = data("float32", [n], noise(3));
    for (const elementOffset of [0, 6]) {
      const change = { shape, maskStrides, elementOffset };
      const [got, expected] = await both(gpu, [x, data("float32", [n], () => 5)], (b, a, o) => b.dropout(spec(n, 0.4, change), a, o));
      expectSame(got, expected);
      const [inPlace] = await both(gpu, [x], (b, a) => b.dropout(spec(n, 0.4, change), a, a));
      expectSame(inPlace, expected);
    }
  });

  test("for elements of a mask that lie further apart than 2^32", async () => {
    const change = { shape: [3, 5], maskStrides: [2 ** 33 + 1, 1], elementOffset: 6 };
    const x = data("float32", [15], noise(3), { offset: 1, length: 20 });
    const out = data("float32", [15], () => 5, { offset: 2, length: 20 });
    const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.dropout(spec(15, 0.4, change), a, o));
    expectSame(got, expected);
    const [inPlace, expectedInPlace] = await both(gpu, [x], (b, a) => b.dropout(spec(15, 0.4, change), a, a));
    expectSame(inPlace, expectedInPlace);
  });

  test("whatever is dropped: NaN and infinities become the drop value, kept ones stay", async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-30, 3e38, 1];
    const x = data("float32", [700], (i) => values[i % 7] as number);
    const [got, expected] = await both(gpu, [x, x], (b, a, o) => b.dropout(spec(700, 0.5), a, o));
    expectSame(got, expected);
    expect(Object.is(got[0], expected[0])).toBe(true);
  });

  test("for the smallest and largest thresholds", async () => {
    const x = data("float32", [100], () => 1);
    for (const threshold of [0, 1, 0xffffffff]) {
      const [got, expected] = await both(gpu, [x, x], (b, a, o) => b.dropout(spec(100, 0.5, { threshold, shape: [100] }), a, o));
      expectSame(got, expected);
    }
  });

  test("for more elements than one row of groups covers", async () => {
    // 65,535 groups of 64 threads, four elements each, end at 16,776,960.
    const n = 16_776_960 + 70_001;
    const out = place(gpu, { dtype: "float32", values: new Float32Array(n), shape: [n], strides: contiguousStrides([n]), offset: 0 });
    gpu.fill(out, 1);
    gpu.dropout(spec(n, 0.5), out, out);
    const tail = await gpu.read(out.storage, n - 70_001, 70_001);
    // 70,001 elements of the same stream, by the reference.
    const [, expected] = await both(gpu, [data("float32", [70_001], () => 1)], (b, a) =>
      b.dropout(spec(70_001, 0.5, { elementOffset: 16_776_960 }), a, a),
    );
    expectSame(tail, expected);
    gpu.release(out.storage.handle);
  });
});
