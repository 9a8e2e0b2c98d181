import { type DropoutSpec, layoutOf, type Operand } from "@dropwise/core/backend";
import { test } from "vitest";
import { LAYOUTS } from "../../kernels/testing/layouts";
import { both, expectClose, wasm } from "../test/kernels";
import { contents, numbers, operand } from "../test/operands";

const SPEC: DropoutSpec = {
  seedLo: 0x89abcdef,
  seedHi: 0x01234567,
  callLo: 7,
  callHi: 3,
  elementOffset: 0,
  threshold: 0x7fffffc0,
  keepScale: 2,
  keepShift: 0,
  dropValue: 0,
  shape: [],
  maskStrides: [],
};

test("dropout is the reference's, bit for bit: every small length, every residue of the offset, and around the wrap of the low block word", () => {
  const x = operand(wasm, numbers(200), [200], undefined, 1);
  for (let n = 1; n <= 130; n++) {
    for (const elementOffset of [n % 8, 2 ** 34 - 40, 2 ** 34 - 1 - (n % 50), 2 ** 52 + n]) {
      const spec = { ...SPEC, elementOffset, shape: [n], maskStrides: [1] };
      const input = { ...x, shape: [n] };
      expectClose(
        both("float32", [n], (kernels, out) => kernels.dropout(spec, input, out)),
        0,
      );
    }
  }
});

test.each(LAYOUTS)("dropout by layout %j is the reference's, for every small length and long ones, threads and offsets", (fields) => {
  const x = operand(wasm, numbers(5000), [5000], undefined, 1);
  const lengths = [...Array(60).keys()].map((n) => n + 1).concat(95, 96, 97, 193, 1151, 2305, 4999);
  for (const [i, n] of lengths.entries()) {
    for (const threads of [1, 6, 64, 256, 1000, 2 ** 29]) {
      const ends = { shift: i % 2, low: i % 3 === 0 ? 0x80000001 : 0, thresholdHi: fields.kind === "wide" ? 0xfffff : 0 };
      const layout = layoutOf({
        ...fields,
        threads,
        ...(fields.kind === "flat" || i % 7 === 0 ? ends : { thresholdHi: ends.thresholdHi }),
      });
      const elementOffset = [0, 5, 2 ** 32 - 60, 2 ** 34 - 100, 2 ** 40 + 9][(i + threads) % 5] as number;
      const spec = { ...SPEC, callLo: 2 ** 32 - 1, elementOffset, shape: [n], maskStrides: [1], layout };
      expectClose(
        both("float32", [n], (kernels, out) => kernels.dropout(spec, { ...x, shape: [n] }, out)),
        0,
      );
    }
  }
});

test.each(LAYOUTS)(
  "dropout by layout %j is the reference's for shared masks, one repeated input, the affine form and in place",
  (fields) => {
    const shape = [3, 4, 5, 6];
    const x = operand(wasm, numbers(360), shape);
    const one: Operand = { ...operand(wasm, Float32Array.of(1.25), [1]), shape, strides: [0, 0, 0, 0] };
    const layout = layoutOf({ ...fields, threads: 50, thresholdHi: fields.kind === "wide" ? 0xfffff : 0 });
    const affine = { ...SPEC, keepScale: Math.fround(0.88), keepShift: Math.fround(0.7), dropValue: Math.fround(-1.1) };
    for (const form of [SPEC, affine]) {
      for (const maskStrides of [
        [120, 30, 6, 1],
        [4, 1, 0, 0],
        [20, 5, 1, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 0],
        [1, 3, 12, 60],
      ]) {
        const spec = { ...form, shape, maskStrides, elementOffset: 5, layout };
        for (const input of [x, one]) {
          expectClose(
            both("float32", shape, (kernels, out) => kernels.dropout(spec, input, out)),
            0,
          );
        }
        const copy = operand(wasm, numbers(360), shape);
        wasm.dropout(spec, copy, copy);
        expectClose([contents(wasm, copy), both("float32", shape, (kernels, out) => kernels.dropout(spec, x, out))[1]], 0);
      }
    }
  },
);

test("dropout is the reference's for shared masks, one repeated input, the affine form and in place", () => {
  const shape = [3, 4, 5, 6];
  const x = operand(wasm, numbers(360), shape);
  const one: Operand = { ...operand(wasm, Float32Array.of(1.25), [1]), shape, strides: [0, 0, 0, 0] };
  const f32 = Math.fround;
  const forms = [SPEC, { ...SPEC, keepScale: f32(0.88), keepShift: f32(0.7), dropValue: f32(-1.1) }, { ...SPEC, dropValue: f32(-1.1) }];
  for (const form of forms) {
    for (const maskStrides of [
      [120, 30, 6, 1],
      [4, 1, 0, 0],
      [0, 30, 6, 1],
      [20, 5, 1, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 0],
      [1, 3, 12, 60],
    ]) {
      const spec = { ...form, shape, maskStrides, elementOffset: 5 };
      for (const input of [x, one]) {
        const [mine, theirs] = both("float32", shape, (kernels, out) => kernels.dropout(spec, input, out));
        expectClose([mine, theirs], 0);
      }
      const copy = operand(wasm, numbers(360), shape);
      wasm.dropout(spec, copy, copy);
      expectClose([contents(wasm, copy), both("float32", shape, (kernels, out) => kernels.dropout(spec, x, out))[1]], 0);
    }
  }
});
