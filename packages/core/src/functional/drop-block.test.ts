/** DropBlock: what is dropped, how much, that samples do not depend on each other, and the gradient. */
import { describe, expect, test } from "vitest";
import { checkpoint, functional as F, Generator, gradcheck, ones, rand, shards, type Tensor, zeros } from "../index";

const values = (x: Tensor): number[] => [...x.dataSync()];
const rowsOf = (x: Tensor): number[][] => Array.from({ length: x.shape[0] as number }, (_, i) => values(x.slice(0, i, i + 1).contiguous()));

describe("dropBlock2d", () => {
  const image = (n: number, c: number, h: number, w: number) => ones([n, c, h, w]);
  const kept = (y: Tensor): number[][] =>
    rowsOf(
      y
        .gt(0)
        .type("int32")
        .reshape([-1, y.shape[3] as number]),
    );

  test("drops whole squares, and nothing else", () => {
    const rows = kept(F.dropBlock2d(image(1, 1, 12, 15), { p: 0.2, blockSize: 3, generator: new Generator(3) }));
    const dropped = rows.flatMap((row, i) => row.flatMap((value, j) => (value === 0 ? [[i, j] as const] : [])));
    expect(dropped.length).toBeGreaterThan(8);
    const isSquare = (i: number, j: number) => [0, 1, 2].every((a) => [0, 1, 2].every((b) => rows[i + a]?.[j + b] === 0));
    for (const [i, j] of dropped) {
      expect([0, 1, 2].some((a) => [0, 1, 2].some((b) => isSquare(i - a, j - b)))).toBe(true);
    }
  });

  test("drops about p of all pixels, at any size of a square", () => {
    for (const blockSize of [1, 2, 5]) {
      const y = F.dropBlock2d(image(40, 4, 20, 20), { p: 0.1, blockSize, generator: new Generator(blockSize) });
      const share = y.eq(0).type("float32").mean().itemSync();
      // Squares may cover each other, so that somewhat fewer are dropped; by chance, as few squares as there are may be more or fewer.
      const byChance = 0.4 / Math.sqrt((0.1 * y.size) / blockSize ** 2);
      expect(share).toBeGreaterThan(0.094 - byChance);
      expect(share).toBeLessThan(0.1 + byChance);
    }
  });

  test("begins a square where a mask at the rate 1 - p keeps, which is how torchvision draws them", () => {
    const x = image(1, 3, 5, 7);
    const kept = F.dropout(x, { p: 0.7, generator: new Generator(4) }).gt(0);
    expect(values(F.dropBlock2d(x, { p: 0.3, blockSize: 1, generator: new Generator(4) }).eq(0))).toEqual(values(kept));
  });

  test("scales each sample by its pixels over those kept, so that none depends on the others", () => {
    const y = F.dropBlock2d(image(3, 2, 8, 8), { p: 0.3, blockSize: 3, generator: new Generator(1) });
    for (let i = 0; i < 3; i++) {
      const sample = y.slice(0, i, i + 1);
      const count = sample.gt(0).type("float32").sum().itemSync();
      expect(sample.amax().itemSync()).toBeCloseTo(128 / count, 5);
      expect(sample.sum().itemSync()).toBeCloseTo(128, 3);
    }
    const generator = new Generator(1);
    const parts = shards({ count: 3, total: 3 }, () => F.dropBlock2d(image(1, 2, 8, 8), { p: 0.3, blockSize: 3, generator }));
    expect(parts.flatMap(values)).toEqual(values(y));
  });

  test("has the gradient of its mask, whose graph holds no mask, and gradients of that", () => {
    const x = rand([2, 2, 5, 5], { dtype: "float64", requiresGrad: true, generator: new Generator(1) });
    expect(gradcheck((input) => F.dropBlock2d(input, { p: 0.3, blockSize: 2, generator: new Generator(6) }), [x])).toBe(true);
    const y = F.dropBlock2d(x, { p: 0.3, blockSize: 2, generator: new Generator(6) });
    const again = checkpoint((input: Tensor) => F.dropBlock2d(input, { p: 0.3, blockSize: 2, generator: new Generator(6) }), x);
    expect(values(again)).toEqual(values(y));
  });

  test("shrinks squares that are larger than the image, and gives zeros where all is dropped", () => {
    expect(values(F.dropBlock2d(image(1, 2, 2, 3), { p: 1 }))).toEqual(values(zeros([1, 2, 2, 3])));
    const y = F.dropBlock2d(image(64, 1, 2, 3), { p: 0.4, generator: new Generator(1) });
    for (const sample of values(y.sum({ dim: [1, 2, 3] }))) expect([0, 6]).toContain(Math.round(sample));
  });
});
