import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, type Shape, type Tensor } from "../index";
import { expectRefusal } from "../testing/refusal";
import { maskAt, stateOf } from "../testing/stream";

const maskOf = (x: Tensor): number[] => Array.from(x.dataSync(), (value) => Number(value !== 0));
const sha16 = (mask: number[]) => createHash("sha256").update(Uint8Array.from(mask)).digest("hex").slice(0, 16);

describe("masks of PyTorch's CUDA generator", () => {
  // Computed from the layout of PyTorch's kernel, which was itself checked against outputs printed from real GPUs.
  test.each([
    [0, 32, 0.5, "10000010101101000011001110000011"],
    [1, 32, 0.5, "00001111001100010110001110111101"],
    [42, 32, 0.5, "01111110101011001011111000001011"],
    [123, 32, 0.5, "11010101100011001001011111100111"],
  ])("seed %i, %i elements, p = %s", (seed, n, p, bits) => {
    expect(maskOf(F.dropout(ones([n]), { p, generator: new Generator(seed) })).join("")).toBe(bits);
  });

  test.each([
    [123, 1024, 0.1, 938, "246be497f219d873"],
    [0, 262_144, 0.5, 130_662, "0e3ccca59cf47869"],
  ])("seed %i, %i elements, p = %s keep %i", (seed, n, p, kept, sha) => {
    const mask = maskOf(F.dropout(ones([n]), { p, generator: new Generator(seed) }));
    expect(mask.reduce((sum, bit) => sum + bit, 0)).toBe(kept);
    expect(sha16(mask)).toBe(sha);
  });
});

describe("noiseShape", () => {
  const P = 0.5;
  const draw = (shape: Shape, noiseShape: Shape, elementOffset = 0) =>
    maskOf(F.dropout(ones(shape), { p: P, noiseShape, elementOffset, generator: new Generator(31) }));
  const at = (shape: Shape, pick: (...index: number[]) => number) => {
    const mask = maskAt(31n, 0n, P, 1000);
    const result: number[] = [];
    const walk = (index: number[]): void => {
      if (index.length === shape.length) result.push(mask[pick(...index)] as number);
      else for (let i = 0; i < (shape[index.length] as number); i++) walk([...index, i]);
    };
    walk([]);
    return result;
  };

  test.each<[Shape, Shape, (...index: number[]) => number, string]>([
    [[3, 4], [3, 1], (i) => i!, "rows"],
    [[3, 4], [1, 4], (_, j) => j!, "columns"],
    [[3, 4], [4], (_, j) => j!, "columns, by a shorter shape"],
    [[3, 4], [1, 1], () => 0, "everything"],
    [[3, 4], [], () => 0, "everything, by a scalar"],
    [[3, 4], [3, 4], (i, j) => 4 * i! + j!, "nothing"],
    [[2, 3, 5], [2, 1, 5], (i, _, k) => 5 * i! + k!, "the middle"],
    [[2, 3, 5], [1, 3, 1], (_, j) => j!, "both ends"],
    [[2, 3, 4, 5], [2, 1, 4, 1], (i, _, k) => 4 * i! + k!, "every other dimension"],
    [[2, 1, 3], [1, 1, 3], (_, __, k) => k!, "around a size of 1"],
  ])("of %j data by %j shares decisions over %s", (shape, noiseShape, pick, _label) => {
    expect(draw(shape, noiseShape)).toEqual(at(shape, pick));
  });

  test("with elementOffset counts elements of the mask", () => {
    expect(draw([5, 3], [5, 1], 7)).toEqual(maskAt(31n, 0n, P, 5, 7n).flatMap((bit) => [bit, bit, bit]));
  });

  test("takes one call and has the gradient of its output", () => {
    const generator = new Generator(31);
    const x = ones([3, 4], { requiresGrad: true });
    const y = F.dropout(x, { p: P, noiseShape: [3, 1], generator });
    y.sum().backward();
    expect(x.grad?.dataSync()).toEqual(y.dataSync());
    expect(generator.call).toBe(1n);
  });
});

describe("elementOffset", () => {
  const draw = (length: number, elementOffset: number, p = 0.5) =>
    maskOf(F.dropout(ones([length]), { p, elementOffset, generator: new Generator(12) }));

  test("splits a tensor into shards that together have the whole's mask, at every residue mod 4", () => {
    const whole = draw(41, 0);
    for (let cut = 0; cut <= 41; cut++) expect([...draw(cut, 0), ...draw(41 - cut, cut)]).toEqual(whole);
  });

  test.each([2 ** 31, 2 ** 32, 2 ** 33, 2 ** 34, 2 ** 35, 2 ** 52].flatMap((n) => [n - 6, n - 1, n, n + 3]))(
    "%i reaches the right block, past 32 bits of elements and of blocks",
    (offset) => {
      expect(draw(13, offset)).toEqual(maskAt(12n, 0n, 0.5, 13, BigInt(offset)));
    },
  );

  test("does not repeat the mask after 2^34 elements, where the low word of the block number wraps", () => {
    expect(draw(64, 2 ** 34)).not.toEqual(draw(64, 0));
  });

  test("goes up to the last element that a number can count, and no further", () => {
    expect(draw(5, 2 ** 53 - 5)).toEqual(maskAt(12n, 0n, 0.5, 5, 2n ** 53n - 5n));
    expectRefusal(() => draw(5, 2 ** 53 - 4), "RangeError", "elementOffset in [0, 2^53 - 5]");
    expect(draw(1, 2 ** 53 - 1)).toEqual(maskAt(12n, 0n, 0.5, 1, 2n ** 53n - 1n));
    expectRefusal(() => draw(1, 2 ** 53), "RangeError", "elementOffset in [0, 2^53 - 1]");
  });

  test("counts channels, not elements, where a channel shares one decision", () => {
    const generator = new Generator(12);
    const output = F.dropout1d(ones([3, 4]), { p: 0.5, elementOffset: 2 ** 53 - 3, generator });
    expect(maskOf(output)).toEqual(maskAt(12n, 0n, 0.5, 3, 2n ** 53n - 3n).flatMap((bit) => Array(4).fill(bit)));
    expectRefusal(() => F.dropout1d(ones([3, 4]), { p: 0.5, elementOffset: 2 ** 53 - 2, generator }), "RangeError", "2^53 - 3");
    expect(generator.call).toBe(1n);
  });

  test("with a call number above 2^32 uses all 128 bits of the counter", () => {
    const call = 2n ** 61n + 12345678901n;
    const generator = new Generator(0).setState(stateOf(2n ** 63n + 7n, call * 4n));
    const output = F.dropout(ones([9]), { p: 0.25, elementOffset: 2 ** 40 + 1, generator });
    expect(maskOf(output)).toEqual(maskAt(2n ** 63n + 7n, call, 0.25, 9, 2n ** 40n + 1n));
  });

  test("is kept for the backward pass", () => {
    const x = ones([30], { requiresGrad: true });
    const y = F.dropout(x, { p: 0.5, elementOffset: 2 ** 34 + 2, generator: new Generator(1) });
    y.sum().backward();
    expect(x.grad?.dataSync()).toEqual(y.dataSync());
  });
});
