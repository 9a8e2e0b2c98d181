import { describe, expect, test } from "vitest";
import { functional as F, grad, gradcheck, gradgradcheck, rand, type Tensor, tensor } from "../index";

const list = (x: Tensor) => [...x.dataSync()];

/** Two rows of six, which are a leaf. */
const leaf = (): Tensor => tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { shape: [2, 6], requiresGrad: true });

/** The sum of parts, each as often as its number. */
const total = (parts: readonly Tensor[], ...factors: readonly number[]): Tensor =>
  parts
    .map((part, i) => part.mul(factors[i] ?? i + 1))
    .map((part) => part.sum())
    .reduce((sum, part) => sum.add(part));

describe("the gradients of parts", () => {
  test("come back to their places, from all, from some and in any order", () => {
    for (const inner of [false, true]) {
      const x = leaf();
      const cut = () => F.split(inner ? x.mul(1) : x, { splitSize: [1, 3, 2], dim: 1 });
      const gradient = (y: Tensor) => list((grad(y, [x]) as [Tensor])[0]).slice(0, 6);
      expect(gradient(total(cut()))).toEqual([1, 2, 2, 2, 3, 3]);
      expect(gradient(total(cut().reverse()))).toEqual([3, 2, 2, 2, 1, 1]);
      const [, middle] = cut() as [Tensor, Tensor];
      expect(gradient(middle.sum())).toEqual([0, 1, 1, 1, 0, 0]);
    }
  });

  test("meet those of other cuts, other dims and other uses of the tensor", () => {
    const x = leaf();
    const halves = F.chunk(x, { chunks: 2, dim: 1 });
    const thirds = F.chunk(x, { chunks: 3, dim: 1 });
    const rows = F.unbind(x);
    total(halves)
      .add(total(thirds, 10, 20, 30))
      .add(total(rows, 100, 200))
      .add(x.sum().mul(1000))
      .backward();
    expect(list(x.grad as Tensor)).toEqual([1111, 1111, 1121, 1122, 1132, 1132, 1211, 1211, 1221, 1222, 1232, 1232]);
  });

  test("are what differences say, twice", () => {
    const x = rand([3, 5], { dtype: "float64", requiresGrad: true });
    const f = (y: Tensor) => {
      const [a, b, c] = F.split(y, { splitSize: 2, dim: 1 }) as [Tensor, Tensor, Tensor];
      return a.mul(b).sum().add(c.mul(c).mul(a.sum()).sum());
    };
    expect(gradcheck(f, [x])).toBe(true);
    expect(gradgradcheck(f, [x])).toBe(true);
  });

  test("of a pass that was kept come again, and add up", () => {
    const x = leaf();
    const y = total(F.split(x, { splitSize: 3, dim: 1 }));
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(list(x.grad as Tensor).slice(0, 6)).toEqual([2, 2, 2, 4, 4, 4]);
  });

  test("of ten thousand parts take one pass", () => {
    const x = rand([10_000, 3], { requiresGrad: true });
    const rows = F.unbind(x);
    (rows[7] as Tensor)
      .add(rows[9_999] as Tensor)
      .sum()
      .backward();
    expect(list((x.grad as Tensor).sum())).toEqual([6]);
  });
});
