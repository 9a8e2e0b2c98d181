import { describe, expect, test } from "vitest";
import { expectRefusal } from "../testing/refusal";
import { contiguousStrides, createTypedArray, isContiguous, mergeDims, philox4x32, scaleOf, sizeOf, thresholdOf } from "./index";

const bad = (value: unknown) => value as never;
const holes = new Array(2 ** 32 - 1);

describe("the tools of a backend's author", () => {
  test("work on what they are for", () => {
    expect(sizeOf([2, 3])).toBe(6);
    expect(sizeOf([])).toBe(1);
    expect(contiguousStrides([2, 3])).toEqual([3, 1]);
    expect(isContiguous([2, 3], [3, 1])).toBe(true);
    expect(isContiguous([2, 3], [1, 2])).toBe(false);
    expect(mergeDims([2, 3], [[3, 1]])).toEqual({ shape: [6], strides: [[1]] });
    expect(createTypedArray("int32", 3)).toEqual(new Int32Array(3));
    expect(scaleOf(0.5)).toBe(2);
    expect(thresholdOf(1)).toBe(0);
    const out = new Uint32Array(4);
    philox4x32(0, 0, 0, 0, 0, 0, out);
    expect(out[0]).toBe(0x6627e8d5);
    const signed = new Uint32Array(4);
    philox4x32(-1, 2 ** 32 - 1, 0, 0, 0, -1, out);
    philox4x32(2 ** 32 - 1, -1, 0, 0, 0, 2 ** 32 - 1, signed);
    expect(signed).toEqual(out);
  });

  const ofShapes: [string, (shape: never) => unknown][] = [
    ["sizeOf", (shape) => sizeOf(shape)],
    ["contiguousStrides", (shape) => contiguousStrides(shape)],
    ["isContiguous", (shape) => isContiguous(shape, [3, 1])],
    ["mergeDims", (shape) => mergeDims(shape, [])],
  ];

  test.each(ofShapes)("%s refuses what is no shape, also one of four billion holes", (op, call) => {
    for (const value of [undefined, null, 6, "23", { length: 2 }, new Int32Array(2), [2, "3"], [2, undefined], [Symbol("s")], holes])
      expectRefusal(() => call(bad(value)), "TypeError", `${op}: expected`);
    for (const value of [[-1], [0.5], [Number.NaN], [2 ** 53]])
      expectRefusal(() => call(bad(value)), "RangeError", `${op}: expected each size`);
  });

  test("isContiguous and mergeDims refuse strides that are not one integer for each size", () => {
    for (const strides of [undefined, null, [3], [3, 1, 1], ["3", 1], holes]) {
      expectRefusal(() => isContiguous([2, 3], bad(strides)), "TypeError", "isContiguous: expected");
      expectRefusal(() => mergeDims([2, 3], [bad(strides)]), "TypeError", "mergeDims: expected");
    }
    expectRefusal(() => isContiguous([2, 3], [0.5, 1]), "RangeError", "isContiguous: expected each stride to be an integer, got 0.5");
    for (const operands of [undefined, 3, holes]) expectRefusal(() => mergeDims([2, 3], bad(operands)), "TypeError", "mergeDims: expected");
  });

  test("createTypedArray refuses other dtypes and lengths, and says where there is no room", () => {
    for (const dtype of ["float", undefined, holes])
      expectRefusal(() => createTypedArray(bad(dtype), 1), "TypeError", "createTypedArray: expected dtype");
    for (const length of [-1, 0.5, Number.NaN])
      expectRefusal(() => createTypedArray("bool", length), "RangeError", "createTypedArray: expected length");
    for (const length of ["1", [1], 1n])
      expectRefusal(() => createTypedArray("bool", bad(length)), "TypeError", "createTypedArray: expected length");
    expectRefusal(() => createTypedArray("float64", 2 ** 52), "OutOfMemoryError", "createTypedArray: expected");
  });

  test("thresholdOf and scaleOf refuse what is no probability", () => {
    for (const [op, call] of [
      ["thresholdOf", thresholdOf],
      ["scaleOf", scaleOf],
    ] as const) {
      for (const p of ["0.5", null, 1n]) expectRefusal(() => call(bad(p)), "TypeError", `${op}: expected p to be a number`);
      for (const p of [-0.1, 1.1, Number.NaN]) expectRefusal(() => call(p), "RangeError", `${op}: expected a drop probability`);
    }
  });

  test("philox4x32 refuses what is no word of 32 bits, and another place for its block, which is left as it was", () => {
    const out = new Uint32Array(4);
    for (let i = 0; i < 6; i++) {
      const call = (word: unknown) => () =>
        philox4x32(...(Array.from({ length: 6 }, (_, k) => (k === i ? word : 0)) as [0, 0, 0, 0, 0, 0]), out);
      for (const word of [undefined, "1", 1n, Symbol("s")]) expectRefusal(call(word), "TypeError", "philox4x32: expected each word");
      for (const word of [0.5, 2 ** 32, -(2 ** 31) - 1, Number.NaN])
        expectRefusal(call(word), "RangeError", "philox4x32: expected words of 32 bits");
    }
    expect(out).toEqual(new Uint32Array(4));
    for (const place of [undefined, [0, 0, 0, 0], new Int32Array(4), new BigUint64Array(4)])
      expectRefusal(() => philox4x32(0, 0, 0, 0, 0, 0, bad(place)), "TypeError", "philox4x32: expected out");
    expectRefusal(() => philox4x32(0, 0, 0, 0, 0, 0, new Uint32Array(3)), "RangeError", "philox4x32: expected out");
  });
});
