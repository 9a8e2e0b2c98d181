import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, ones, randn, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";
import type { InterpolateOptions } from "./interpolate";

describe("interpolate and pixelShuffle", () => {
  const calls: [string, number[], (x: Tensor) => Tensor][] = [
    ["nearest", [1, 2, 3, 2], (x) => F.interpolate(x, { scaleFactor: 1.7 })],
    ["linear", [2, 1, 4], (x) => F.interpolate(x, { size: 7, mode: "linear" })],
    ["bilinear", [1, 2, 3, 2], (x) => F.interpolate(x, { size: [2, 5], mode: "bilinear" })],
    ["bilinear, corners aligned", [1, 2, 3, 2], (x) => F.interpolate(x, { size: [5, 3], mode: "bilinear", alignCorners: true })],
    ["trilinear", [1, 1, 2, 2, 3], (x) => F.interpolate(x, { scaleFactor: [1.5, 1, 2], mode: "trilinear" })],
    ["pixelShuffle", [2, 4, 2, 1], (x) => F.pixelShuffle(x, { upscaleFactor: 2 })],
  ];

  test.each(calls)("have gradients of all orders: %s", (_, shape, call) => {
    const x = randn(shape, { dtype: "float64", requiresGrad: true, generator: new Generator(2) });
    const fn = (t: Tensor) => call(t.mul(t));
    expect(gradcheck(fn, [x])).toBe(true);
    expect(gradgradcheck(fn, [x])).toBe(true);
  });
});

describe("interpolate", () => {
  test("mixes along one and three dimensions as along two", () => {
    const x = randn([1, 2, 5], { generator: new Generator(4) });
    const line = F.interpolate(x, { size: 8, mode: "linear" });
    const plane = F.interpolate(x.unsqueeze(2), { size: [1, 8], mode: "bilinear" });
    const space = F.interpolate(x.unsqueeze(2).unsqueeze(2), { size: [1, 1, 8], mode: "trilinear" });
    for (const other of [plane, space]) expect([...other.dataSync()]).toEqual([...line.dataSync()]);
  });

  test("leaves a size that stays as it is, without a mixture that infinities would spoil", () => {
    const x = tensor([[[1, Number.POSITIVE_INFINITY, 2]]]);
    for (const mode of ["nearest", "linear"] as const) {
      const y = F.interpolate(x, { size: 3, mode });
      expect([...y.dataSync()]).toEqual([1, Number.POSITIVE_INFINITY, 2]);
      y.dispose();
      expect(x.isDisposed).toBe(false);
    }
  });

  test("takes integers and an empty batch to the nearest", () => {
    expect([...F.interpolate(tensor(new Int32Array([1, 2]), { shape: [1, 1, 2] }), { size: 3 }).dataSync()]).toEqual([1, 1, 2]);
    expect(F.interpolate(zeros([0, 2, 3]), { size: 5, mode: "linear" }).shape).toEqual([0, 2, 5]);
  });

  test("refuses what does not go together", () => {
    const x = ones([1, 2, 3, 4]);
    const refusals: [InterpolateOptions, string, string][] = [
      [{}, "TypeError", "either size or scaleFactor, got none"],
      [{ size: 2, scaleFactor: 2 }, "TypeError", "either size or scaleFactor, got both"],
      [{ size: 2, mode: "bicubic" as never }, "RangeError", "expected mode"],
      [{ size: 2, alignCorners: false }, "TypeError", 'no alignCorners with mode "nearest"'],
      [{ size: 2, mode: "linear" }, "ShapeError", "[1, 2, 3, 4]"],
      [{ size: [2], mode: "bilinear" }, "RangeError", "size with 2 entries"],
      [{ size: 0 }, "RangeError", "each new size to be a positive integer"],
      [{ size: 1.5 }, "RangeError", "each new size to be a positive integer"],
      [{ scaleFactor: 0.1 }, "RangeError", "each new size to be a positive integer"],
      [{ scaleFactor: Number.NaN }, "RangeError", "each new size to be a positive integer"],
      [{ size: ["2", 2] as never }, "TypeError", "numbers in size"],
    ];
    for (const [options, name, part] of refusals) expectRefusal(() => F.interpolate(x, options), name, "interpolate: expected", part);
    expectRefusal(() => F.interpolate(ones([2, 3]), { size: 2 }), "ShapeError", "[2, 3]");
    expectRefusal(() => F.interpolate(ones([2, 3, 0]), { size: 2 }), "ShapeError", "not empty");
    expectRefusal(() => F.interpolate(x.type("int32"), { size: 2, mode: "bilinear" }), "TypeError", "a float tensor");
  });
});

describe("pixelShuffle", () => {
  test("takes any dimensions before, and refuses channels that do not make squares", () => {
    expect(F.pixelShuffle(zeros([0, 3, 4, 2, 2]), { upscaleFactor: 2 }).shape).toEqual([0, 3, 1, 4, 4]);
    expectRefusal(() => F.pixelShuffle(ones([3, 2, 2]), { upscaleFactor: 2 }), "ShapeError", "pixelShuffle: expected", "[3, 2, 2]");
    expectRefusal(() => F.pixelShuffle(ones([2, 2]), { upscaleFactor: 1 }), "ShapeError", "(..., C, H, W)");
    expectRefusal(() => F.pixelShuffle(ones([4, 2, 2]), { upscaleFactor: 0 }), "RangeError", "upscaleFactor");
  });
});
