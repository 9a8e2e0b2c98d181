import { describe, expect, test } from "vitest";
import { functional as F, nn, ones, randn, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const MODES = { Zero: "constant", Reflection: "reflect", Replication: "replicate", Circular: "circular" } as const;
const KINDS = Object.entries(MODES).flatMap(([name, mode]) =>
  ([1, 2, 3] as const).map((spatial) => [`${name}Pad${spatial}d` as "ZeroPad1d", mode, spatial] as const),
);

describe("padding and resizing layers", () => {
  test.each(KINDS)("%s does what functional.pad does", (name, mode, spatial) => {
    const x = randn([1, 2, 3, 4, 5].slice(0, spatial + 2));
    const pad = [1, 0, 1, 1, 0, 2].slice(0, 2 * spatial);
    const layer = new nn[name](pad);
    expect([...layer.forward(x).dataSync()]).toEqual([...F.pad(x, { pad, mode }).dataSync()]);
    expect(String(layer)).toBe(`${name}([${pad.join(", ")}])`);
    expect(String(new nn[name](1))).toBe(`${name}([${pad.map(() => 1).join(", ")}])`);
  });

  test("constants are put around by name", () => {
    const y: Tensor = new nn.ConstantPad1d([1, -1], 7).forward(tensor([1, 2]));
    expect([...y.dataSync()]).toEqual([7, 1]);
    expect(
      new nn.ConstantPad2d(1, 7)
        .forward(ones([1, 1]))
        .sum()
        .itemSync(),
    ).toBe(57);
    expect(String(new nn.ConstantPad3d(0, 0.5))).toBe("ConstantPad3d([0, 0, 0, 0, 0, 0], value=0.5)");
  });

  test("padding layers refuse another number of places, and no constant", () => {
    expectRefusal(() => new nn.ZeroPad2d([1, 1]), "RangeError", "ZeroPad2d: expected padding to be a number, or an array of 4");
    expectRefusal(() => new nn.ReflectionPad1d(0.5), "RangeError", "ReflectionPad1d: expected integers");
    expectRefusal(() => new nn.CircularPad1d("1" as never), "TypeError", "CircularPad1d: expected pad to be an array");
    expectRefusal(() => new (nn.ConstantPad1d as never as typeof nn.ZeroPad1d)(1), "TypeError", "ConstantPad1d: expected value");
  });

  test("Upsample and PixelShuffle do what their functions do", () => {
    const x = randn([1, 4, 2, 3]);
    const up = new nn.Upsample({ scaleFactor: [2, 1.5], mode: "bilinear" });
    expect([...up.forward(x).dataSync()]).toEqual([...F.interpolate(x, { scaleFactor: [2, 1.5], mode: "bilinear" }).dataSync()]);
    expect(new nn.Upsample({ size: 5 }).forward(x).shape).toEqual([1, 4, 5, 5]);
    expect([...new nn.PixelShuffle(2).forward(x).dataSync()]).toEqual([...F.pixelShuffle(x, { upscaleFactor: 2 }).dataSync()]);
    expect([String(up), String(new nn.PixelShuffle(2))]).toEqual([
      "Upsample(scaleFactor=2,1.5, mode=bilinear)",
      "PixelShuffle(upscaleFactor=2)",
    ]);
    expectRefusal(() => new nn.Upsample({}), "TypeError", "Upsample: expected either size or scaleFactor");
    expectRefusal(() => new nn.Upsample({ size: 2, alignCorners: true }), "TypeError", "Upsample: expected no alignCorners");
    expectRefusal(() => new nn.PixelShuffle(0), "RangeError", "PixelShuffle: expected upscaleFactor");
  });
});
