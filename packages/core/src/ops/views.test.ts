import { describe, expect, test } from "vitest";
import { cat, functional as F, grad, memory, ones, type Shape, stack, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
const count = (shape: Shape) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape },
  );

describe("views", () => {
  test("share the memory of what they are a view of, in both directions", () => {
    const x = ones([4, 4]);
    const views = [
      x.reshape([16]),
      x.transpose(0, 1),
      x.permute([1, 0]),
      x.slice(0, 1, 3),
      x.unsqueeze(0),
      x.unsqueeze(2).squeeze(2),
      x.expand([2, 4, 4]),
      x.detach(),
    ];
    const bytes = memory().bytes;
    for (const view of views) expect(view.storage).toBe(x.storage);
    F.dropout(x, { p: 1, inplace: true });
    for (const view of views) expect(list(view).every((v) => v === 0)).toBe(true);
    expect(memory().bytes).toBe(bytes);
  });

  test("outlive the tensor they were made from", () => {
    const x = count([2, 3]);
    const view = x.slice(0, 1);
    x.dispose();
    expect(list(view)).toEqual([3, 4, 5]);
  });
});

describe("reshape", () => {
  test.each<[Shape, Shape, Shape]>([
    [[2, 3], [6], [6]],
    [[2, 3], [-1], [6]],
    [
      [2, 3],
      [3, -1],
      [3, 2],
    ],
    [
      [2, 3],
      [1, -1, 1],
      [1, 6, 1],
    ],
    [[1], [], []],
    [[], [-1], [1]],
    [
      [2, 0],
      [0, 5],
      [0, 5],
    ],
    [[2, 0], [-1], [0]],
    [
      [4, 0],
      [2, -1],
      [2, 0],
    ],
  ])("of %j to %j", (shape, to, expected) => {
    const x = count(shape);
    expect(x.reshape(to).shape).toEqual(expected);
    expect(list(x.reshape(to))).toEqual(list(x));
  });

  test("copies what is strided, in logical order", () => {
    const x = count([2, 3]).transpose(0, 1);
    expect(list(x.reshape([-1]))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(x.reshape([-1]).storage).not.toBe(x.storage);
  });

  test.each([
    [[-2, -3], -2],
    [[2.5, -1], 2.5],
  ])("to %j is refused: no size can be %d", (to, size) => {
    expectRefusal(() => count([6]).reshape(to), "RangeError", "reshape: expected sizes that are integers of 0 or more", `got ${size}`);
  });

  test.each<[Shape, Shape]>([
    [[6], [4]],
    [[6], [4, -1]],
    [[6], [-1, -1]],
    [[0], [0, -1]],
    [
      [2, 3, 0],
      [-1, 0],
    ],
    [[6], [-1, 0]],
  ])("of %j to %j is refused, with both shapes in the error", (shape, to) => {
    const error = expectRefusal(
      () => count(shape).reshape(to),
      "ShapeError",
      "reshape: expected",
      `[${shape.join(", ")}]`,
      `[${to.join(", ")}]`,
    );
    expect(error).toMatchObject({ shapes: [shape, to] });
  });

  test("refuses what is no shape", () => {
    expectRefusal(() => count([6]).reshape(6 as never), "TypeError", "reshape: expected a shape such as [2, -1], got 6");
  });
});

describe("transpose and permute", () => {
  test("reorder dimensions, negative ones counted from the end", () => {
    const x = count([2, 3, 4]);
    expect(x.transpose(0, -1).shape).toEqual([4, 3, 2]);
    expect(list(x.transpose(0, 2).slice(0, 1, 2))).toEqual([1, 13, 5, 17, 9, 21]);
    expect(x.permute([2, 0, 1]).shape).toEqual([4, 2, 3]);
    expect(x.permute([-1, 0, -2]).shape).toEqual([4, 2, 3]);
    expect(list(x.permute([1, 2, 0]).permute([2, 0, 1]))).toEqual(list(x));
    expect(list(x.transpose(1, 1))).toEqual(list(x));
    expect(tensor(1).permute([]).shape).toEqual([]);
  });

  test("refuse dims that are missing, repeated or not there", () => {
    const x = count([2, 3]);
    for (const dims of [[0], [0, 0], [0, 1, 1], []])
      expectRefusal(() => x.permute(dims), "RangeError", "permute: expected each of the 2 dims once");
    expectRefusal(() => x.permute([0, 2]), "RangeError", "permute: expected dim in [-2, 1], got 2");
    expectRefusal(() => x.permute(0 as never), "TypeError", "permute: expected an array of dims");
    expectRefusal(() => x.transpose(0, 5), "RangeError", "transpose: expected dim in [-2, 1], got 5");
  });
});

describe("slice", () => {
  const x = count([10]);
  test.each<[[number?, number?, number?], number[]]>([
    [[], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [[7], [7, 8, 9]],
    [
      [2, 5],
      [2, 3, 4],
    ],
    [[-3], [7, 8, 9]],
    [
      [-3, -1],
      [7, 8],
    ],
    [
      [0, 10, 4],
      [0, 4, 8],
    ],
    [
      [1, 9, 3],
      [1, 4, 7],
    ],
    [[5, 2], []],
    [
      [-100, 2],
      [0, 1],
    ],
    [
      [8, 100],
      [8, 9],
    ],
    [[100], []],
  ])("%j, cut to what is there", (args, expected) => {
    expect(list(x.slice(0, ...args))).toEqual(expected);
  });

  test("takes no step to where there is nothing, so that strides stay numbers that count", () => {
    const part = x.slice(0, 0, 3, 1e300);
    expect(list(part)).toEqual([0]);
    expect(part.strides).toEqual([1]);
    const none = x.slice(0, 2, 1, 1e17);
    expect([none.shape, none.strides]).toEqual([[0], [1]]);
    const y = count([2, 3]);
    y.requiresGrad = true;
    y.slice(0, 1, 2, 2 ** 53)
      .sum()
      .backward();
    expect(list(y.grad as Tensor)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("cuts any dim, and slices of slices", () => {
    const y = count([3, 4]);
    expect(list(y.slice(-1, 1, 4, 2))).toEqual([1, 3, 5, 7, 9, 11]);
    expect(list(y.slice(0, 1).slice(1, 2).slice(0, 1))).toEqual([10, 11]);
    expect(list(y.slice(1, 1).transpose(0, 1).slice(0, 0, 3, 2))).toEqual([1, 5, 9, 3, 7, 11]);
  });

  test("refuses steps below 1, fractions, scalars and dims that are not there", () => {
    expectRefusal(() => x.slice(0, 0, 5, 0), "RangeError", "slice: expected a step of 1 or more, got 0");
    expectRefusal(() => x.slice(0, 0, 5, -1), "RangeError", "slice: expected a step of 1 or more, got -1");
    expectRefusal(() => x.slice(0, 0.5), "RangeError", "slice: expected integers, got 0.5");
    expectRefusal(() => x.slice(0, 0, "3" as never), "RangeError", 'slice: expected integers, got "3"');
    expectRefusal(() => tensor(1).slice(0), "ShapeError", "slice: expected at least one dimension, got a scalar");
    expectRefusal(() => x.slice(1), "RangeError", "slice: expected dim in [-1, 0], got 1");
  });

  test("gives the gradient back to its places, 0 elsewhere", () => {
    const y = ones([6], { requiresGrad: true });
    y.slice(0, 1, 6, 2)
      .mul(tensor([1, 2, 3]))
      .sum()
      .backward();
    expect(list(y.grad as Tensor)).toEqual([0, 1, 0, 2, 0, 3]);
  });

  /** The gradient of y, 0 to 11 in three rows, when each part counts as often as its number. */
  const gradientOf = (...parts: [dim: number, start: number, end: number, step?: number][]): number[] => {
    const y = count([3, 4]);
    y.requiresGrad = true;
    const sums = parts.map((part, i) =>
      y
        .slice(...part)
        .mul(i + 1)
        .sum(),
    );
    sums.reduce((sum, x) => sum.add(x)).backward();
    return list(y.grad as Tensor) as number[];
  };

  test("give gradients back to all places, some, every so many, in any order", () => {
    expect(gradientOf([1, 2, 4], [1, 0, 1], [1, 1, 2])).toEqual([2, 3, 1, 1, 2, 3, 1, 1, 2, 3, 1, 1]);
    expect(gradientOf([1, 3, 4], [1, 0, 1])).toEqual([2, 0, 0, 1, 2, 0, 0, 1, 2, 0, 0, 1]);
    expect(gradientOf([1, 0, 4, 2], [1, 1, 4, 2])).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    expect(gradientOf([0, 0, 0], [0, 2, 3], [0, 0, 2])).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2]);
  });

  test("add what meets: parts that overlap, lie along other dims or between each other's places", () => {
    expect(gradientOf([1, 0, 3], [1, 1, 4])).toEqual([1, 3, 3, 2, 1, 3, 3, 2, 1, 3, 3, 2]);
    expect(gradientOf([0, 0, 1], [1, 0, 1])).toEqual([3, 1, 1, 1, 2, 0, 0, 0, 2, 0, 0, 0]);
    expect(gradientOf([1, 0, 4, 2], [1, 1, 3])).toEqual([1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0]);
    expect(gradientOf([1, 0, 4, 3], [1, 3, 4])).toEqual([1, 0, 0, 3, 1, 0, 0, 3, 1, 0, 0, 3]);
  });

  test("meet what comes by other ways, and have gradients of gradients", () => {
    const y = count([4]);
    y.requiresGrad = true;
    const [a, b] = [y.slice(0, 0, 2), y.slice(0, 2, 4)];
    const [once] = grad(
      a
        .mul(a)
        .mul(b)
        .add(y.slice(0, 0, 2))
        .sum()
        .add(y.sum()),
      [y],
      { createGraph: true },
    ) as [Tensor];
    expect(list(once)).toEqual([0 + 2, 2 * 1 * 3 + 2, 0 + 1, 1 + 1]);
    expect(list((grad(once.sum(), [y]) as [Tensor])[0])).toEqual([2 * 2 + 0, 2 * 3 + 2, 0, 2]);
  });
});

describe("squeeze, unsqueeze and expand", () => {
  test("drop and add dimensions of size 1", () => {
    const x = count([1, 3, 1]);
    expect(x.squeeze().shape).toEqual([3]);
    expect(x.squeeze(0).shape).toEqual([3, 1]);
    expect(x.squeeze(-1).shape).toEqual([1, 3]);
    expect(x.squeeze(1).shape).toEqual([1, 3, 1]);
    expect(count([3]).unsqueeze(0).shape).toEqual([1, 3]);
    expect(count([3]).unsqueeze(-1).shape).toEqual([3, 1]);
    expect(tensor(1).unsqueeze(0).shape).toEqual([1]);
    expect(list(count([2, 3]).transpose(0, 1).unsqueeze(1))).toEqual([0, 3, 1, 4, 2, 5]);
    expectRefusal(() => x.squeeze(3), "RangeError", "squeeze: expected dim in [-3, 2], got 3");
    expectRefusal(() => x.unsqueeze(4), "RangeError", "unsqueeze: expected dim in [-4, 3], got 4");
  });

  test("repeat without copying; -1 keeps a size", () => {
    const x = tensor([[1], [2]]);
    expect(list(x.expand([2, 3]))).toEqual([1, 1, 1, 2, 2, 2]);
    expect(x.expand([2, 3]).strides).toEqual([1, 0]);
    expect(x.expand([2, -1, 3]).shape).toEqual([2, 2, 3]);
    expect(tensor(7).expand([2, 2]).dataSync()).toEqual(new Float32Array([7, 7, 7, 7]));
    expect(ones([1]).expand([0]).shape).toEqual([0]);
    expectRefusal(() => x.expand([3, 3]), "ShapeError", "expand: expected sizes that are equal or 1, got [2, 1] for [3, 3]");
    expectRefusal(() => x.expand([2]), "ShapeError", "expand: expected sizes that are equal or 1, got [2, 1] for [2]");
    expectRefusal(() => x.expand(5 as never), "TypeError", "expand: expected a shape such as [2, -1], got 5 - put the sizes in brackets");
    expectRefusal(() => x.expand([-1, 2, 1]), "RangeError", "expand: expected sizes that are integers of 0 or more, got -1");
  });
});

describe("cat and stack", () => {
  test("join along old and new dimensions", () => {
    const [a, b] = [count([2, 2]), count([2, 2]).add(10)];
    expect(list(cat([a, b]))).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
    expect(list(cat([a, b], { dim: -1 }))).toEqual([0, 1, 10, 11, 2, 3, 12, 13]);
    expect(cat([a, zeros([0, 2]), b]).shape).toEqual([4, 2]);
    expect(list(cat([a.transpose(0, 1), b.slice(0, 1)]))).toEqual([0, 2, 1, 3, 12, 13]);
    expect(list(stack([a, b], { dim: 2 }))).toEqual([0, 10, 1, 11, 2, 12, 3, 13]);
    expect(stack([a, b]).shape).toEqual([2, 2, 2]);
    expect(list(stack([tensor(1), tensor(2)]))).toEqual([1, 2]);
    expect(cat([a]).storage).not.toBe(a.storage);
  });

  test("convert to the widest dtype", () => {
    const mixed = cat([tensor([true]), tensor(new Int32Array([5])), tensor([0.5])]);
    expect(mixed.dtype).toBe("float32");
    expect(list(mixed)).toEqual([1, 5, 0.5]);
    expect(cat([tensor([true]), tensor(new Int32Array([5]))]).dtype).toBe("int32");
  });

  test("give each input its part of the gradient", () => {
    const [a, b] = [ones([2], { requiresGrad: true }), ones([3], { requiresGrad: true })];
    cat([a, b, a])
      .mul(tensor([1, 2, 3, 4, 5, 6, 7]))
      .sum()
      .backward();
    expect(list(a.grad as Tensor)).toEqual([7, 9]);
    expect(list(b.grad as Tensor)).toEqual([3, 4, 5]);
  });

  test("take many inputs, more than 32 among them that require a gradient", () => {
    const inputs = Array.from({ length: 70 }, (_, i) => tensor([i], { requiresGrad: i % 2 === 0 }));
    cat(inputs).mul(2).sum().backward();
    inputs.forEach((x, i) => {
      expect(x.grad === null ? null : list(x.grad)).toEqual(i % 2 === 0 ? [2] : null);
    });
  });

  test("refuse nothing, scalars, shapes that do not fit and what is no tensor", () => {
    for (const fn of [cat, stack]) {
      expectRefusal(() => fn([]), "TypeError", "expected a non-empty array of tensors");
      expectRefusal(() => fn(ones([1]) as never), "TypeError", "expected a non-empty array of tensors");
      expectRefusal(() => fn([ones([1]), 2 as never]), "TypeError", "expected a Tensor, got 2");
      expectRefusal(
        () => fn([ones([2]), ones([2, 1])]),
        "ShapeError",
        fn === cat ? "cat: expected sizes equal but for dim 0" : "stack: expected equal shapes",
      );
    }
    expectRefusal(() => cat([ones([2, 3]), ones([2, 4])]), "ShapeError", "cat: expected sizes equal but for dim 0, got [2, 3] and [2, 4]");
    expectRefusal(() => cat([tensor(1), tensor(2)]), "ShapeError", "cat: expected sizes equal");
    expectRefusal(() => cat([ones([1])], { dim: 1 }), "RangeError", "cat: expected dim in [-1, 0], got 1");
    expectRefusal(() => stack([ones([2]), ones([3])]), "ShapeError", "stack: expected equal shapes, got [2] and [3]");
  });
});
